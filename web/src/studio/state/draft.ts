import { computed, ref, shallowRef } from "vue";
import type { Trouble } from "../../api/client";
import { person } from "../../state/person";
import { askDefects, askEdits, askEffects, askPlan, askTerritories, checkAll, sendEdit, sendRedo, sendUndo } from "../ask";
import { multi } from "../map/project";
import type { Bbox, Changed, Consequences, Defect, Edit, Edited, EditRecord, MultiPolygonShape, Plan } from "../types";
import { inOrder, signature, troubleOf, trouble } from "./work";

/** The plan on the table: its territories as far as they are loaded, what is wrong with it, what it comes to, how it came about. */

export const plan = shallowRef<Plan | null>(null);
export const shapes = shallowRef<ReadonlyMap<string, MultiPolygonShape>>(new Map());
/** The version of the draft that is in sight. */
export const version = ref(0);
export const defects = shallowRef<Defect[]>([]);
export const effects = shallowRef<Consequences | null>(null);
/** Rises whenever the defects have been looked for. */
export const checked = ref(0);
export const defectsTrouble = shallowRef<Trouble | null>(null);
export const effectsTrouble = shallowRef<Trouble | null>(null);
export const edits = shallowRef<EditRecord[]>([]);
/** The verbs that the person would take back, and repeat. */
export const turns = computed(() => {
  const own = edits.value.filter((each) => each.person === person.value.trim() && !["UNDO", "REDO", "SETTLE"].includes(each.verb));
  return { undo: own.find((each) => each.state === "DONE")?.verb ?? null, redo: own.findLast((each) => each.state === "UNDONE")?.verb ?? null };
});
export const opening = ref(false);
export const editable = computed(() => plan.value?.state === "DRAFT");
export const blocking = computed(() => defects.value.filter((each) => each.severity === "ERROR"));

/** The territories with those of an answer in their place. */
export function withChanges(before: ReadonlyMap<string, MultiPolygonShape>, changed: readonly Changed[]): Map<string, MultiPolygonShape> {
  const next = new Map(before);
  for (const { team_code: team, geometry } of changed) {
    if (geometry) next.set(team, multi(geometry));
    else next.delete(team);
  }
  return next;
}

let loaded: Bbox | null = null;
let loading: AbortController | null = null;

const inside = (inner: Bbox, outer: Bbox) => inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];

/** A box half as large again on each side: a small move of the map asks for nothing new. */
export function widened([west, south, east, north]: Bbox): Bbox {
  const [dx, dy] = [(east - west) / 2, (north - south) / 2];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** Loads the territories of a neighbourhood, if they are not there. */
export async function loadShapes(bbox: Bbox, anew = false): Promise<void> {
  const id = plan.value?.id;
  if (id === undefined || (!anew && loaded && inside(bbox, loaded))) return;
  loading?.abort();
  const mine = (loading = new AbortController());
  const wanted = widened(bbox);
  try {
    const found = await askTerritories(id, wanted, mine.signal);
    if (loading !== mine || plan.value?.id !== id) return;
    const changed = found.features.map(({ geometry, properties }) => ({ team_code: properties.team_code, geometry }));
    // Only a full reading tells that a territory is gone.
    shapes.value = withChanges(anew ? new Map() : shapes.value, changed);
    loaded = wanted;
  } catch (error) {
    if (!mine.signal.aborted) trouble.value = troubleOf(error);
  }
}

/** Puts a plan on the table. */
export async function openPlan(id: number): Promise<void> {
  closePlan();
  opening.value = true;
  try {
    const found = await askPlan(id);
    plan.value = found;
    version.value = found.version;
    await loadSides(id);
  } catch (error) {
    trouble.value = troubleOf(error);
  } finally {
    opening.value = false;
  }
}

export function closePlan(): void {
  loading?.abort();
  loaded = null;
  plan.value = null;
  shapes.value = new Map();
  defects.value = [];
  effects.value = null;
  edits.value = [];
  trouble.value = null;
}

let round = 0;

/** What the whole draft comes to. */
export async function loadEffects(): Promise<void> {
  const id = plan.value?.id;
  const mine = round;
  if (id === undefined) return;
  try {
    const found = await askEffects(id);
    if (plan.value?.id !== id || mine !== round) return;
    effects.value = found;
    effectsTrouble.value = null;
  } catch (error) {
    if (mine === round) effectsTrouble.value = troubleOf(error);
  }
}

async function loadDefects(id: number): Promise<void> {
  const mine = round;
  try {
    let found = await askDefects(id);
    // A draft that was never looked at as a whole, or not since teams or communities changed.
    if (!found.fresh && editable.value) {
      await checkAll(id);
      found = await askDefects(id);
    }
    if (plan.value?.id !== id || mine !== round) return;
    defects.value = found.items;
    checked.value++;
    defectsTrouble.value = null;
  } catch (error) {
    if (mine === round) defectsTrouble.value = troubleOf(error);
  }
}

async function loadEdits(id: number): Promise<void> {
  const mine = round;
  const found = await askEdits(id);
  if (plan.value?.id === id && mine === round) edits.value = found;
}

/** What belongs to the draft as it is now: its history, what is wrong with it, what it comes to. An answer that a newer question has overtaken is dropped. */
async function loadSides(id: number): Promise<void> {
  round++;
  await Promise.all([loadEdits(id), loadDefects(id), loadEffects()]);
}

/** Loads anew what others have changed. */
export async function refresh(): Promise<void> {
  const id = plan.value?.id;
  if (id === undefined) return;
  const found = await askPlan(id);
  if (plan.value?.id !== id) return;
  plan.value = found;
  version.value = found.version;
  if (loaded) await loadShapes(loaded, true);
  await loadSides(id);
}

async function settle(answer: Edited, before: number): Promise<void> {
  const now = plan.value;
  if (!now) return;
  shapes.value = withChanges(shapes.value, answer.changed);
  version.value = answer.version;
  plan.value = { ...now, version: answer.version };
  round++;
  // The next edit need not wait until the defects of thousands of territories have been told.
  void loadDefects(now.id);
  await Promise.all([loadEdits(now.id), loadEffects()]);
  // Somebody else was here in between: what they changed is not in this answer.
  if (answer.version > before + 1) await refresh();
}

/** Makes an edit. True if it was made; what went wrong is in `trouble`. */
export async function make(edit: Edit): Promise<boolean> {
  const by = signature();
  if (by === null) return false;
  const done = await inOrder(async () => {
    const id = plan.value?.id;
    if (id === undefined) return false;
    const before = version.value;
    await settle(await sendEdit(id, before, by, edit), before);
    return true;
  });
  return done === true;
}

/** Takes the person's last edit back, or makes it again. */
export async function turnBack(way: "undo" | "redo"): Promise<boolean> {
  const by = signature();
  if (by === null) return false;
  const done = await inOrder(async () => {
    const id = plan.value?.id;
    if (id === undefined) return false;
    const before = version.value;
    await settle(await (way === "undo" ? sendUndo : sendRedo)(id, by), before);
    return true;
  });
  return done === true;
}
