import { describe, expect, it } from "vitest";
import type { Team } from "../api/ask";
import { suggest } from "./suggest";

const team = (code: string, name: string) => ({ code, name, branch_name: "东支公司" }) as Team;
const TEAMS = [team("T-E1", "收展一队"), team("T-E2", "收展二队"), team("T-W1", "西城收展一队")];

describe("what a search may mean", () => {
  it.each([
    ["", []],
    ["   ", []],
    ["T-E", ["policy", "team T-E1", "team T-E2"]],
    ["ｔ－ｗ1", ["team T-W1"]],
    ["收展一", ["team T-E1", "team T-W1", "address"]],
    ["一队", ["team T-E1", "team T-W1"]],
    ["P00000023", ["policy"]],
    ["玄武区中山路18号", ["address"]],
    ["<script>", []],
  ])("%s", (typed, expected) => {
    const kinds = suggest(typed, TEAMS).map((one) => (one.kind === "team" ? `team ${one.team.code}` : one.kind));
    expect(kinds).toEqual(expected);
  });

  it("goes to what it names", () => {
    expect(suggest(" P00000023 ", TEAMS)[0]?.goes).toEqual({ kind: "case", policyNo: "P00000023" });
    expect(suggest("中山路18号", TEAMS)[0]?.goes).toEqual({ kind: "address", text: "中山路18号" });
  });

  it("lists no more teams than can be looked through", () => {
    const many = Array.from({ length: 40 }, (_, at) => team(`T${at}`, `收展${at}队`));
    expect(suggest("收展", many)).toHaveLength(6);
  });
});
