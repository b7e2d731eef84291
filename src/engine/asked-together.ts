/**
 * Questions of one moment as one: what is asked while nobody waits for anything outside, and is alike, goes out together. Knows
 * nothing of what is asked.
 */
import { nextTick } from "node:process";
import { PortFailure } from "../model/error.ts";

export interface Asking<Q, A> {
  /** Equal for questions that can be asked together. */
  readonly kindOf: (question: Q) => string;
  readonly alone: (question: Q, signal: AbortSignal | undefined) => Promise<A>;
  /** The answers in the questions' order. Undefined, or not understood: each is to be asked for itself. */
  readonly together: (
    questions: readonly [Q, ...Q[]],
    signal: AbortSignal | undefined,
  ) => Promise<readonly A[] | undefined> | undefined;
  /** At most so many together. */
  readonly most: number;
}

interface Asked<Q, A> {
  readonly question: Q;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: A) => void;
  readonly reject: (reason: unknown) => void;
}

/** Waits for nobody: the moment is what runs without waiting for anything outside. */
export class AskedTogether<Q, A> {
  readonly #asking: Asking<Q, A>;
  readonly #asked = new Map<string, Asked<Q, A>[]>();

  constructor(asking: Asking<Q, A>) {
    this.#asking = asking;
  }

  ask(question: Q, signal: AbortSignal | undefined): Promise<A> {
    const kind = this.#asking.kindOf(question);
    return new Promise((resolve, reject) => {
      const asked = { question, signal, resolve, reject };
      const alike = this.#asked.get(kind);
      if (alike !== undefined && alike.length < this.#asking.most && alike[0]?.signal === signal) {
        alike.push(asked);
        return;
      }
      const together = [asked];
      this.#asked.set(kind, together);
      // Runs when everything that does not wait for something outside has run: whoever asks the same now has asked by then.
      nextTick(() => {
        if (this.#asked.get(kind) === together) this.#asked.delete(kind);
        void this.#answer(together);
      });
    });
  }

  async #answer(asked: readonly Asked<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#together(asked);
      for (const [index, { question, signal, resolve, reject }] of asked.entries()) {
        const answer = answers?.[index];
        if (answer === undefined) this.#asking.alone(question, signal).then(resolve, reject);
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #together(asked: readonly Asked<Q, A>[]): Promise<readonly A[] | undefined> {
    const [first, ...others] = asked;
    if (first === undefined || others.length === 0) return undefined;
    try {
      return await this.#asking.together([first.question, ...others.map(({ question }) => question)], first.signal);
    } catch (error) {
      // One of them may be the reason.
      if (error instanceof PortFailure && (error.kind === "invalid" || error.kind === "malformed")) return undefined;
      throw error;
    }
  }
}
