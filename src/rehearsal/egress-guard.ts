/**
 * Keeps a rehearsal on this machine: in this process, connections, name look-ups and datagrams to anywhere but loopback
 * are refused before a packet leaves. It cannot hold child processes; a rehearsal starts none.
 */
import dgram from "node:dgram";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { promisify } from "node:util";

export interface EgressGuard {
  /** Puts everything back as it was. */
  release(): void;
  /** Where somebody tried to go: "192.0.2.1:443". */
  readonly refused: readonly string[];
}

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Fetch, http, https, http2, tls and gRPC all connect through net.Socket; c-ares and dgram have ways of their own. */
export function guardEgress(): EgressGuard {
  const refused: string[] = [];
  const refuse = (where: string): NodeJS.ErrnoException => {
    refused.push(where);
    return Object.assign(new Error(`a rehearsal may not reach ${where}: only loopback is open`), {
      code: "ERR_EGRESS_REFUSED",
    });
  };
  const undo = [
    guardSockets(refuse),
    guardLookup(refuse),
    ...guardResolvers(refuse),
    guardDatagrams("send", refuse),
    guardDatagrams("connect", refuse),
  ];
  // Named imports of these modules must see the change too.
  syncBuiltinESMExports();
  return {
    refused,
    release() {
      for (const restore of undo.reverse()) restore();
      syncBuiltinESMExports();
    },
  };
}

type Refuse = (where: string) => NodeJS.ErrnoException;
type Restore = () => void;
type Anything = (...args: unknown[]) => unknown;

/** Replaces a method; undoing it gives back the very function. */
function replace(owner: object, name: string, make: (original: Anything) => Anything): Restore {
  const methods = owner as Record<string, Anything>;
  const original = methods[name];
  if (original === undefined) return () => undefined;
  const own = Object.hasOwn(owner, name);
  methods[name] = make(original);
  return () => {
    if (own) methods[name] = original;
    else delete methods[name];
  };
}

function guardSockets(refuse: Refuse): Restore {
  return replace(
    net.Socket.prototype,
    "connect",
    (original) =>
      function (this: net.Socket, ...args: unknown[]) {
        const where = destinationOf(args);
        if (where === undefined || isLoopback(where.host)) return original.apply(this, args);
        // Like a connection that fails: whoever waits for it hears the reason, and nothing is written meanwhile.
        Object.assign(this, { connecting: true });
        const error = refuse(`${where.host}:${where.port}`);
        // Later, as a real failure comes: whoever connects by TLS still has to set it up, and to listen for errors.
        process.nextTick(() => this.destroy(error));
        return this;
      },
  );
}

/** connect(options), connect(port, host), connect(path), or net's own normalised [options, callback]; undefined: no network. */
function destinationOf(args: readonly unknown[]): { host: string; port: string } | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === "object" && first !== null) {
    const { path, host, port } = first as { path?: unknown; host?: unknown; port?: unknown };
    return typeof path === "string" ? undefined : { host: textOr(host, "localhost"), port: textOr(port, "?") };
  }
  const isPath = typeof first === "string" && !/^\d+$/.test(first);
  return isPath ? undefined : { host: textOr(second, "localhost"), port: textOr(first, "?") };
}

function textOr(value: unknown, otherwise: string): string {
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : otherwise;
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare.toLowerCase() === "localhost") return true;
  const version = net.isIP(bare);
  return version !== 0 && LOOPBACK.check(bare, version === 4 ? "ipv4" : "ipv6");
}

function guardLookup(refuse: Refuse): Restore {
  const callback = replace(dns, "lookup", (original) => {
    const guarded = (...args: unknown[]): unknown => {
      const host = args[0];
      // Without a name nothing is looked up.
      if (typeof host !== "string" || host === "" || isLoopback(host)) return original.apply(dns, args);
      return answerLater(args, refuse(host));
    };
    // As the original has it: promisified, it answers with an object.
    return Object.assign(guarded, {
      [promisify.custom]: (...args: never[]) => dns.promises.lookup(...(args as [never])),
    });
  });
  const promise = replace(dns.promises, "lookup", (original) => (...args) => {
    const host = args[0];
    if (typeof host !== "string" || host === "" || isLoopback(host)) return original.apply(dns.promises, args);
    return Promise.reject(refuse(host));
  });
  return () => {
    callback();
    promise();
  };
}

/** Every other look-up asks a name server, which is elsewhere, whatever the name. */
function guardResolvers(refuse: Refuse): readonly Restore[] {
  const asks = (name: string): boolean => /^(resolve|reverse|lookupService)/.test(name);
  const methodsOf = (owner: object): string[] => {
    const names = [];
    for (let at: object | null = owner; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      names.push(...Object.getOwnPropertyNames(at));
    }
    return [...new Set(names)].filter(asks);
  };
  const withCallback = [dns, dns.Resolver.prototype].flatMap((owner) =>
    methodsOf(owner).map((name) =>
      replace(
        owner,
        name,
        () =>
          (...args) =>
            answerLater(args, refuse(String(args[0]))),
      ),
    ),
  );
  const withPromise = [dns.promises, dns.promises.Resolver.prototype].flatMap((owner) =>
    methodsOf(owner).map((name) =>
      replace(
        owner,
        name,
        () =>
          (...args) =>
            Promise.reject(refuse(String(args[0]))),
      ),
    ),
  );
  return [...withCallback, ...withPromise];
}

function answerLater(args: readonly unknown[], error: Error): object {
  const callback = args.at(-1);
  if (typeof callback !== "function") throw error;
  process.nextTick(callback, error);
  return {};
}

/** send(message, …, port, address, callback) and connect(port, address, callback): the address is the one text after the first. */
function guardDatagrams(name: "send" | "connect", refuse: Refuse): Restore {
  return replace(
    dgram.Socket.prototype,
    name,
    (original) =>
      function (this: dgram.Socket, ...args: unknown[]) {
        const address = args.slice(1).find((arg) => typeof arg === "string");
        if (address === undefined || isLoopback(address)) return original.apply(this, args);
        throw refuse(address);
      },
  );
}
