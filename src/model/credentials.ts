/** How adapters say that a credential is missing, so that preflight can tell it once however many services need it. */

export const NO_GITHUB_TOKEN =
  "there is no GitHub token (set GITHUB_TOKEN or GH_TOKEN, or log in with `gh auth login`)";

/** `cause`: what Google's library says, in one line. */
export function noGoogleCredentials(cause: string): string {
  return `there are no usable Google credentials: ${cause} (run \`gcloud auth application-default login\`, or set GOOGLE_APPLICATION_CREDENTIALS)`;
}

export function noClusterContext(cluster: string, project: string): string {
  return `the kubeconfig has no context for the cluster ${cluster}; run: gcloud container clusters get-credentials ${cluster} --project ${project}`;
}

const MISSING =
  /there is no GitHub token .*|there are no usable Google credentials: .*|the kubeconfig has no context for the cluster (?:.*?(?=; nor could it be found by its name:.* no usable Google credentials)|.*)/;

/** The credential that a failure was for want of, as a sentence of its own (a cluster that is looked up by name wants two, and the other is told by itself); undefined where it was something else. */
export function missingCredentialIn(text: string): string | undefined {
  return MISSING.exec(text)?.[0];
}
