/** Holds messages against the protocols that Google's clients publish: every field known, every value of its field's type. Knows nothing of the simulator's rules. */
import { protobuf } from "google-gax";
import { type GoogleAnswer, type GoogleClient, publishedProtocol } from "../../src/simulator/grpc-api.ts";

const INTEGERS = ["int32", "uint32", "sint32", "fixed32", "sfixed32"];
const LONGS = ["int64", "uint64", "sint64", "fixed64", "sfixed64"];

export class GoogleDescription {
  readonly violations: string[] = [];
  /** How many messages were held for each call. */
  readonly held = new Map<string, number>();
  /** How many fields with a value, at any depth. */
  fields = 0;
  readonly #roots = new Map<GoogleClient, protobuf.Root>();

  /** Keeps what is wrong with the message in `violations`. */
  hold({ client, path, message }: GoogleAnswer): void {
    this.held.set(path, (this.held.get(path) ?? 0) + 1);
    const [, service = "", method = ""] = path.split("/");
    const type = this.#root(client).lookupService(service).methods[method]?.resolvedResponseType;
    if (type === undefined || type === null) this.violations.push(`${path}: no such call is published`);
    else this.#message(path, type, message);
  }

  summary(): string {
    const messages = [...this.held.values()].reduce((sum, count) => sum + count, 0);
    return `${messages} messages of ${this.held.size} calls, ${this.fields} fields, ${this.violations.length} violations`;
  }

  #root(client: GoogleClient): protobuf.Root {
    const known = this.#roots.get(client);
    if (known !== undefined) return known;
    const root = protobuf.Root.fromJSON(publishedProtocol(client));
    root.resolveAll();
    this.#roots.set(client, root);
    return root;
  }

  #message(where: string, type: protobuf.Type, value: unknown): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.violations.push(`${where}: no ${type.name}`);
      return;
    }
    const present = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
    for (const [key, inner] of present) {
      const field = type.fields[key];
      if (field === undefined) this.violations.push(`${where}.${key}: ${type.fullName} has no such field`);
      else this.#field(`${where}.${key}`, field, inner);
    }
    for (const { name, fieldsArray } of type.oneofsArray) {
      const set = fieldsArray.filter((field) => present.some(([key]) => key === field.name));
      if (set.length > 1) this.violations.push(`${where}: ${set.length} fields of the union ${name}`);
    }
  }

  #field(where: string, field: protobuf.Field, value: unknown): void {
    this.fields++;
    if (field instanceof protobuf.MapField) {
      if (typeof value !== "object" || value === null) this.violations.push(`${where}: no map`);
      else for (const [key, inner] of Object.entries(value)) this.#value(`${where}[${key}]`, field, inner);
    } else if (field.repeated) {
      if (!Array.isArray(value)) this.violations.push(`${where}: no list`);
      else for (const [index, inner] of value.entries()) this.#value(`${where}[${index}]`, field, inner);
    } else this.#value(where, field, value);
  }

  #value(where: string, { resolvedType, type }: protobuf.Field, value: unknown): void {
    if (resolvedType instanceof protobuf.Type) {
      this.#message(where, resolvedType, value);
      return;
    }
    const isRight =
      resolvedType instanceof protobuf.Enum
        ? (typeof value === "string" && value in resolvedType.values) ||
          (typeof value === "number" && value in resolvedType.valuesById)
        : isScalar(type, value);
    const wanted = resolvedType?.fullName ?? type;
    if (!isRight) this.violations.push(`${where}: ${JSON.stringify(value)} is no ${wanted}`);
  }
}

function isScalar(type: string, value: unknown): boolean {
  if (type === "string") return typeof value === "string";
  if (type === "bool") return typeof value === "boolean";
  if (type === "bytes") return value instanceof Uint8Array || typeof value === "string";
  if (INTEGERS.includes(type)) return Number.isInteger(value);
  if (LONGS.includes(type)) return Number.isInteger(value) || (typeof value === "string" && /^-?\d+$/.test(value));
  return typeof value === "number";
}
