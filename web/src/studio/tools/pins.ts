/** Communities that must be certain teams', as a person types them: one a line, `community = team`. The first line that is none is told. */
export function readPins(text: string): { pins: { community_code: string; team_code: string }[]; bad: string | null } {
  const pins = [];
  for (const line of text.normalize("NFKC").split(/[\n;]+/).map((each) => each.trim())) {
    if (line === "") continue;
    const [community, team, ...more] = line.split(/\s*[=,:]\s*|\s+/);
    if (!community || !team || more.length) return { pins: [], bad: line };
    pins.push({ community_code: community, team_code: team });
  }
  return { pins, bad: null };
}
