import type { AskedRung } from "../api/ask";
import { RUNGS } from "../words/rungs";

export interface Step {
  code: string;
  /** The rung's number on the ladder. */
  step: string;
  asked: AskedRung | null;
  taken: boolean;
}

const TIES = RUNGS.filter(({ code }) => code.startsWith("REGION_TIE_")).map(({ code }) => code);

/**
 * The whole ladder for one decision, from the top: the rungs that were asked in the order in which they were, then those that the
 * decision made it unnecessary to ask. Region owner and ties are one question, so they are one step.
 */
export function trailOf(asked: readonly AskedRung[], rung: string | null): Step[] {
  const seen = new Set<string>();
  const steps: Step[] = asked.map((one) => {
    seen.add(question(one.rung));
    return { code: one.rung, step: stepOf(one.rung), asked: one, taken: one.rung === rung };
  });
  for (const { code, step } of RUNGS) {
    if (!seen.has(question(code))) {
      seen.add(question(code));
      steps.push({ code, step, asked: null, taken: false });
    }
  }
  return steps;
}

const question = (code: string) => (TIES.includes(code) ? "REGION_OWNER" : code);

const stepOf = (code: string) => RUNGS.find((rung) => rung.code === code)?.step ?? "";
