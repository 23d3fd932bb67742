import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "http://localhost" });

/** Why something could not be had: the service's own sentences where it gave any. */
export class Trouble extends Error {
  constructor(
    readonly code: string,
    readonly zh: string,
    readonly en: string,
    readonly status: number,
  ) {
    super(code);
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The value of an answer. Throws `Trouble`: OFFLINE without an answer, UNEXPECTED for one that is not a problem document. */
export async function valueOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Trouble("OFFLINE", "", "", 0);
  }
  if (answer.response.ok && answer.data !== undefined) return answer.data;
  throw troubleOf(answer.error, answer.response.status);
}

function troubleOf(body: unknown, status: number): Trouble {
  if (typeof body === "object" && body !== null && "code" in body && "detail" in body) {
    const { code, detail, detail_en: english } = body as { code: unknown; detail: unknown; detail_en?: unknown };
    return new Trouble(String(code), String(detail), String(english ?? detail), status);
  }
  return new Trouble("UNEXPECTED", "", "", status);
}
