/** `runbook simulate`: leaves a simulated cloud running on loopback until it is interrupted, and says how to point at it. */
import { loadScenario } from "../rehearsal/load-scenario.ts";
import { environmentOf } from "./endpoints.ts";
import { EXIT } from "./exit-code.ts";
import { findRunbook } from "./find-runbook.ts";
import { type Io, print } from "./io.ts";
import { simulationOf } from "./rehearse.ts";

export async function simulate(options: { name: string; scenario: string; seed: number }, io: Io): Promise<number> {
  const scenario = await loadScenario(options.scenario);
  const simulation = await simulationOf(await findRunbook(options.name, io), scenario, options.seed, io);
  try {
    const exports = Object.entries(environmentOf(simulation.addresses)).map(
      ([name, value]) => `export ${name}=${value}`,
    );
    print(
      io,
      [
        `# A SIMULATED cloud for ${options.name}, scenario ${scenario.name}. Nothing here is real; its time starts at ${scenario.start}`,
        "# and moves only while a client of its clock sleeps.",
        ...exports,
        `# runbook deploy ${options.name} --simulated --yes${scenario["pull-request"] === undefined ? "" : ` --pr ${scenario["pull-request"].number}`}`,
        "# Ctrl-C ends it.",
      ].join("\n"),
    );
    await new Promise<void>((resolve) => {
      const off = io.onInterrupt(() => {
        off();
        resolve();
      });
    });
    return EXIT.ok;
  } finally {
    await simulation.close();
  }
}
