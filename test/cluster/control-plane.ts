/** A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager as child processes. No nodes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ControlPlane {
  readonly url: string;
  readonly token: string;
  /** PEM: the API server's own certificate and its authority. */
  readonly ca: string;
  /** The certificate and key by which the API server is known; the kubelets that tests play use them, too. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** A file with one context "gke_test_here_live". */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

const START_MS = 60_000;
export const CLUSTER = "live";

/** Where the three programs are, or why they are not: never builds. */
export function findPrograms(): { readonly directory: string } | { readonly missing: string } {
  const script = fileURLToPath(new URL("build-control-plane.sh", import.meta.url));
  try {
    const output = execFileSync(script, ["--cached"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return { directory: output.trim() };
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const told = stderr?.trim() ?? "";
    return {
      missing: told === "" ? "no control plane is built; test/cluster/build-control-plane.sh builds one" : told,
    };
  }
}

export async function startControlPlane(directory: string): Promise<ControlPlane> {
  const home = await mkdtemp(join(tmpdir(), "control-plane-"));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.toReversed().map(end));
    await rm(home, { recursive: true, force: true });
  };
  try {
    return { ...(await start(directory, home, children)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(directory: string, home: string, children: ChildProcess[]): Promise<Omit<ControlPlane, "stop">> {
  const token = randomBytes(16).toString("hex");
  const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const url = `https://127.0.0.1:${port}`;
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const keys = await serviceAccountKeys(home);
  await writeFile(join(home, "tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });

  children.push(run(directory, home, "etcd", etcdFlags(home, etcd, `http://127.0.0.1:${peerPort}`)));
  children.push(run(directory, home, "kube-apiserver", apiServerFlags(home, etcd, port, keys)));
  const file = join(home, "apiserver.crt");
  await until(async () => (await readFile(file, "utf8")).includes("END CERTIFICATE"), "the API server's certificate");
  const ca = await readFile(file, "utf8");
  const kubeconfig = join(home, "kubeconfig");
  await writeFile(kubeconfig, kubeconfigOf(url, ca, token), { mode: 0o600 });
  await until(() => isReady(url, token), `${url} to be ready`);
  children.push(run(directory, home, "kube-controller-manager", controllerFlags(kubeconfig, keys)));
  return {
    url,
    token,
    ca,
    certificate: { cert: ca, key: await readFile(join(home, "apiserver.key"), "utf8") },
    kubeconfig,
  };
}

function etcdFlags(home: string, client: string, peer: string): readonly string[] {
  return [
    `--data-dir=${join(home, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=error",
  ];
}

function apiServerFlags(
  home: string,
  etcd: string,
  port: number,
  keys: { public: string; private: string },
): readonly string[] {
  return [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    // It makes itself a certificate for 127.0.0.1 here.
    `--cert-dir=${home}`,
    `--token-auth-file=${join(home, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${keys.public}`,
    `--service-account-signing-key-file=${keys.private}`,
    // Its namespaces have no service accounts: no controller makes any, and no pod needs one.
    "--disable-admission-plugins=ServiceAccount",
    "--endpoint-reconciler-type=none",
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

function controllerFlags(kubeconfig: string, keys: { private: string }): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--controllers=deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,resourcequota-controller",
    `--service-account-private-key-file=${keys.private}`,
    "--use-service-account-credentials=false",
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ];
}

async function serviceAccountKeys(home: string): Promise<{ public: string; private: string }> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const files = { public: join(home, "sa.pub"), private: join(home, "sa.key") };
  await writeFile(files.public, publicKey);
  await writeFile(files.private, privateKey, { mode: 0o600 });
  return files;
}

function kubeconfigOf(url: string, ca: string, token: string): string {
  const cluster = `gke_test_here_${CLUSTER}`;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: cluster, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user: "admin" } }],
    "current-context": cluster,
  });
}

/** Its words are kept in a file, of which the end is told when it dies early. */
function run(directory: string, home: string, program: string, flags: readonly string[]): ChildProcess {
  const child = spawn(join(directory, program), flags, { stdio: ["ignore", "pipe", "pipe"], cwd: home });
  const log = createWriteStream(join(home, `${program}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
}

async function isReady(url: string, token: string): Promise<boolean> {
  try {
    return (await ask(`${url}/readyz`, token)) === 200;
  } catch {
    return false;
  }
}

async function ask(url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
      agent: false,
    });
    call.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject);
    call.end();
  });
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${START_MS / 1000} s for ${what}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
