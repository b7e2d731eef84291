/** Holds answers against GitHub's published OpenAPI description: by method, path and status. Knows nothing of the simulator. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

export interface GitHubAnswer {
  readonly method: string;
  /** Without the /api/v3 of GitHub Enterprise. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly responses: Readonly<Record<string, Schema>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<"schemas" | "responses", Readonly<Record<string, Schema>>>>;
}
type Version = "api.github.com" | "ghes-3.17" | "ghes-3.18" | "ghes-3.19";

/** Answers that any operation may give, whether or not the description lists them. https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api */
const ANYWHERE = [400, 401, 403, 404, 422, 429, 500, 502, 503, 504];
const ID = "https://github.example/description";

export class GitHubDescription {
  readonly violations: string[] = [];
  /** How many answers were held against each operation and status: "GET /user 200". */
  readonly held = new Map<string, number>();
  readonly #description: Description;
  readonly #routes: readonly { readonly path: string; readonly pattern: RegExp; readonly open: number }[];
  readonly #ajv: Ajv;
  /** Compiled when an operation is first answered: the whole description would take minutes. */
  readonly #validators = new Map<string, ValidateFunction | "no body">();

  constructor(version: Version = "api.github.com") {
    const file = createRequire(import.meta.url).resolve(`@octokit/openapi/generated/${version}.json`);
    this.#description = JSON.parse(readFileSync(file, "utf8")) as Description;
    this.#routes = Object.keys(this.#description.paths)
      .map((path) => ({ path, pattern: patternOf(path), open: path.split("{").length }))
      .sort((a, b) => a.open - b.open);
    this.#ajv = new Ajv({ strict: false, logger: false, validateFormats: true, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: ID, components: { schemas: asJsonSchema(this.#description.components.schemas) } });
  }

  /** Keeps what is wrong with the answer in `violations`. */
  hold(answer: GitHubAnswer): void {
    const method = answer.method.toLowerCase();
    const route = this.#routes.find(
      ({ path, pattern }) => pattern.test(answer.path) && this.#description.paths[path]?.[method] !== undefined,
    );
    // GraphQL has a schema of its own, the storage of logs is not GitHub's, and what does not exist is described nowhere.
    if (route === undefined) {
      const isElsewhere = answer.path === "/graphql" || answer.path.startsWith("/_storage/");
      const isExpected = isElsewhere || answer.status === 404 || answer.status === 401;
      if (!isExpected) this.violations.push(`${answer.method} ${answer.path} is in no description`);
      return;
    }
    const key = `${answer.method} ${route.path} ${answer.status}`;
    this.held.set(key, (this.held.get(key) ?? 0) + 1);
    if (answer.status === 304) {
      if (answer.text !== "") this.violations.push(`${key}: a body`);
      return;
    }
    const validate = this.#validatorOf(key, route.path, method, answer.status);
    if (validate === undefined) this.violations.push(`${key}: no such status is described`);
    else if (validate === "no body") {
      if (answer.text !== "") this.violations.push(`${key}: a body, where none is described`);
    } else if (answer.contentType.startsWith("application/json")) this.#check(key, validate, answer.text);
  }

  /** How many answers of how many operations were held, in a sentence. */
  summary(): string {
    const operations = new Set([...this.held.keys()].map((key) => key.replace(/ \d+$/, "")));
    const answers = [...this.held.values()].reduce((sum, count) => sum + count, 0);
    return `${answers} answers of ${operations.size} operations (${this.held.size} with their statuses), ${this.violations.length} violations`;
  }

  #check(key: string, validate: ValidateFunction, text: string): void {
    if (validate(JSON.parse(text))) return;
    const errors = (validate.errors ?? []).slice(0, 5);
    this.violations.push(...errors.map(({ instancePath, message }) => `${key}: ${instancePath} ${message}`));
  }

  #validatorOf(key: string, path: string, method: string, status: number): ValidateFunction | "no body" | undefined {
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const given = this.#description.paths[path]?.[method]?.responses[status];
    const schema = this.#schemaOf(given) ?? this.#otherwise(given, status);
    if (schema === undefined) return undefined;
    const made = schema === "no body" ? schema : this.#ajv.compile(asJsonSchema(schema) as Schema);
    this.#validators.set(key, made);
    return made;
  }

  #otherwise(given: Schema | undefined, status: number): Schema | "no body" | undefined {
    // A refusal that is described by its status alone says why, as all of them do.
    if (status >= 400 && (given !== undefined || ANYWHERE.includes(status))) {
      return { $ref: "#/components/schemas/basic-error" };
    }
    return given === undefined ? undefined : "no body";
  }

  #schemaOf(response: Schema | undefined): Schema | undefined {
    const name = typeof response?.["$ref"] === "string" ? response["$ref"].split("/").at(-1) : undefined;
    const body = name === undefined ? response : this.#description.components.responses[name];
    const content = body?.["content"] as Readonly<Record<string, { schema?: Schema }>> | undefined;
    return content?.["application/json"]?.schema;
  }
}

function patternOf(path: string): RegExp {
  const escaped = path.replaceAll(/[.+^$()|[\]\\]/g, "\\$&");
  // Refs, paths and comparisons may hold slashes, as GitHub takes them.
  const source = escaped.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    ["ref", "path", "basehead"].includes(name) ? ".+" : "[^/]+",
  );
  return new RegExp(`^${source}$`);
}

/** OpenAPI 3.0's dialect as JSON Schema: `nullable` is a type of its own, references point into the one document. */
function asJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asJsonSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const { nullable, example: _example, examples: _examples, discriminator: _discriminator, ...rest } = schema as Schema;
  const changed: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string" ? `${ID}${value}` : key === "enum" ? value : asJsonSchema(value),
    ]),
  );
  if (nullable !== true) return changed;
  return { anyOf: [changed, { type: "null" }] };
}
