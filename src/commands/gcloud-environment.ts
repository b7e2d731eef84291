/** The variables that point gcloud at a simulated Google Cloud. For one command each: the proxy would mislead other programs. */

/**
 * gcloud puts the region before the host of its endpoint for Cloud Run, which no loopback address survives: so the host is
 * made up, and the simulated cloud is the proxy that every host is asked of. `config`: a directory of its own, so that no
 * account and no setting of the user's is touched.
 */
export function gcloudEnvironment(restUrl: string, config: string): Readonly<Record<string, string>> {
  const endpoint = "http://simulated.test/";
  return {
    CLOUDSDK_CONFIG: config,
    CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: "true",
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: endpoint,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: endpoint,
    http_proxy: restUrl,
  };
}
