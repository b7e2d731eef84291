import { describe } from "vitest";
import { kubernetesContract } from "./kubernetes-contract.ts";
import { simulatedCluster } from "./simulated-cluster.ts";

describe("the simulated cluster", () => kubernetesContract(simulatedCluster));
