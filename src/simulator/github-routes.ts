/** Every route of the simulated GitHub, in the order in which they are tried. */
import { ACTIONS_ROUTES } from "./github-actions-routes.ts";
import { CONVERSATION_ROUTES } from "./github-conversation-routes.ts";
import { DEPLOYMENT_ROUTES } from "./github-deployment-routes.ts";
import { REPOSITORY_ROUTES } from "./github-repository-routes.ts";
import type { GitHubRoute } from "./github-request.ts";

export const GITHUB_ROUTES: readonly GitHubRoute[] = [
  ...REPOSITORY_ROUTES,
  ...ACTIONS_ROUTES,
  ...CONVERSATION_ROUTES,
  ...DEPLOYMENT_ROUTES,
];
