/** Whole lists of the Kubernetes API, page by page and bounded. Asks for nothing itself. */
import { PortFailure } from "../model/error.ts";

const PAGE = 250;
const MAX_PAGES = 200;

interface PageOf<T> {
  readonly items: readonly T[];
  readonly metadata?: { readonly _continue?: string | undefined };
}

/** Every page of a list, at most MAX_PAGES. A list cut short would be a wrong count: it is an error instead. */
export async function pages<T>(
  read: (page: { limit: number; _continue?: string }) => Promise<PageOf<T>>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await read({ limit: PAGE, ...(token === "" ? {} : { _continue: token }) });
    all.push(...answer.items);
    const { _continue: next = "" } = answer.metadata ?? {};
    token = next;
    if (token === "") return all;
  }
  throw new PortFailure("malformed", `the list goes on after ${MAX_PAGES} pages`);
}
