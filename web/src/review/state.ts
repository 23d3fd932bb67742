import { computed, ref, shallowRef, watch } from "vue";
import { Trouble } from "../api/client";
import { person as reviewer } from "../state/person";
import {
  askFigures,
  askItem,
  askPreview,
  askQueue,
  bodyOf,
  claimItem,
  claimNext,
  LEASE_S,
  releaseClaim,
  renewClaim,
  sendDecision,
  sendUndo,
  type Choice,
  type Claimed,
  type Figures,
  type Filters,
  type Reach,
  type Reached,
  type ReviewItem,
  type Unlocatable,
  type Waiting,
} from "./ask";

/** The queue, the item at work with its claim, what is in mind for it, and the last decision. */

export const filters = ref<Filters>({});
export const items = shallowRef<Waiting[]>([]);
export const figures = shallowRef<Figures | null>(null);
export const listTrouble = shallowRef<Trouble | null>(null);
export const listLoading = ref(true);
const next = ref<string | null>(null);
export const hasMore = computed(() => next.value !== null);

export const item = shallowRef<ReviewItem | null>(null);
export const itemTrouble = shallowRef<Trouble | null>(null);
export const opening = ref<number | null>(null);
export const nothingFree = ref(false);
/** Whether the item on show is ours to decide. */
export const mine = computed(() => item.value?.full === true);

export const choice = shallowRef<Choice | null>(null);
export const scope = ref<Reach>("KEY");
/** A first Enter was pressed on a point outside of the city; the second one means it. */
export const armed = ref(false);
export const preview = shallowRef<Reached | null>(null);
export const previewTrouble = shallowRef<Trouble | null>(null);
export const previewing = ref(false);
export const deciding = ref(false);
export const decisionTrouble = shallowRef<Trouble | null>(null);

export { reviewer };

export interface Done {
  id: number;
  addresses: number;
  cases: number;
  /** The bundle of the item: undone, it waits under a number of its own. */
  bundle: string;
}
export const done = shallowRef<Done | null>(null);
export const undone = shallowRef<{ addresses: number; waiting: number; allocated: string[] } | null>(null);
export const undoTrouble = shallowRef<Trouble | null>(null);

const CLAIM = "guidan.claim";
const RENEW_MS = (LEASE_S * 1000) / 3;
const FRESH_MS = 20_000;

function recalled(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function keep(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // Without storage it lasts as long as the page.
  }
}

// A page that is loaded again goes on with what it had claimed.
let claim: string | null = recalled(() => sessionStorage, CLAIM);

const troubleOf = (error: unknown) => (error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0));
const person = (unnamed: string) => reviewer.value.trim() || unnamed;
let unnamed = "复核人";

let listing: AbortController | null = null;

/** Loads the queue from its beginning, or its next page. */
export async function loadQueue(further = false): Promise<void> {
  listing?.abort();
  const mineNow = (listing = new AbortController());
  listLoading.value = true;
  try {
    const [page, counts] = await Promise.all([askQueue(filters.value, further ? next.value : null, mineNow.signal), askFigures()]);
    if (listing !== mineNow) return;
    items.value = further ? [...items.value, ...page.items] : page.items;
    next.value = page.next;
    figures.value = counts;
    listTrouble.value = null;
  } catch (error) {
    if (listing === mineNow) listTrouble.value = troubleOf(error);
  } finally {
    if (listing === mineNow) listLoading.value = false;
  }
}

watch(filters, () => void loadQueue(), { deep: true });

/** A candidate that the geocoder itself doubts is not offered to a bare Enter. */
const OFFERED = 0.5;

function show(found: ReviewItem | null): void {
  item.value = found;
  itemTrouble.value = null;
  decisionTrouble.value = null;
  scope.value = !found?.place || found.code === "BRANCH_CONFLICT" ? "THIS" : "KEY";
  armed.value = false;
  const best = found?.candidates[0];
  choice.value = found?.full && best && best.confidence >= OFFERED ? { kind: "CANDIDATE", candidate: best.id } : null;
  history.replaceState(null, "", found ? `#/${found.id}` : "#/");
}

function take(claimed: Claimed): void {
  const before = item.value;
  claim = claimed.claim;
  keep(() => sessionStorage, CLAIM, claimed.claim);
  const found = claimed.items[0] ?? null;
  if (before && found && before.id !== found.id && before.full) void inOrder(() => releaseClaim(claimed.claim, before.id));
  nothingFree.value = found === null;
  show(found);
}

let asked = 0;

// Claims and releases go to the server one after the other: whoever steps on and back must not meet a claim of their own on its way out.
let line: Promise<unknown> = Promise.resolve();

function inOrder(work: () => Promise<void>): Promise<void> {
  const done = line.then(work, work);
  line = done.catch(() => undefined);
  return done;
}

/** Opens an item and claims it; one that somebody else is at work on is shown without its house number. */
export function open(id: number): Promise<void> {
  const turn = ++asked;
  opening.value = id;
  itemTrouble.value = null;
  return inOrder(() => (turn === asked ? claimAndShow(id, turn) : Promise.resolve()));
}

async function claimAndShow(id: number, turn: number): Promise<void> {
  try {
    const claimed = await claimItem(person(unnamed), id, claim);
    if (turn !== asked) {
      await releaseClaim(claimed.claim, id);
      return;
    }
    take(claimed);
  } catch (error) {
    if (turn !== asked) return;
    const trouble = troubleOf(error);
    if (trouble.code === "LOCATION_REVIEW_CLAIMED") await look(id, turn);
    else if (trouble.code === "LOCATION_REVIEW_NOT_FOUND") {
      show(null);
      itemTrouble.value = trouble;
      void loadQueue();
    } else itemTrouble.value = trouble;
  } finally {
    if (turn === asked) opening.value = null;
  }
}

async function look(id: number, turn: number): Promise<void> {
  try {
    const found = await askItem(id);
    if (turn !== asked) return;
    void give();
    show(found);
  } catch (error) {
    if (turn === asked) itemTrouble.value = troubleOf(error);
  }
}

/** Claims the first free item of the queue. */
export function openNext(): Promise<void> {
  const turn = ++asked;
  itemTrouble.value = null;
  opening.value = -1;
  return inOrder(() => (turn === asked ? claimNextAndShow(turn) : Promise.resolve()));
}

async function claimNextAndShow(turn: number): Promise<void> {
  try {
    const claimed = await claimNext(person(unnamed), filters.value, claim);
    if (turn === asked) take(claimed);
  } catch (error) {
    if (turn === asked) itemTrouble.value = troubleOf(error);
  } finally {
    if (turn === asked) opening.value = null;
  }
}

/** Gives up the claim on the item on show. */
function give(): Promise<void> {
  const [held, word] = [item.value, claim];
  return held?.full && word ? inOrder(() => releaseClaim(word, held.id)) : Promise.resolve();
}

/** Gives the item on show back to the queue. */
export function leave(): void {
  asked++;
  opening.value = null;
  if (mine.value) void give().then(() => loadQueue());
  show(null);
}

/** Opens the item so many places further down the queue. */
export function step(by: number): void {
  const at = items.value.findIndex((each) => each.id === (opening.value ?? item.value?.id));
  const to = at < 0 ? (by > 0 ? 0 : items.value.length - 1) : at + by;
  const wanted = items.value[to];
  if (wanted) void open(wanted.id);
  if (to >= items.value.length - 1 && hasMore.value && !listLoading.value) void loadQueue(true);
}

export function choose(next: Choice): void {
  // What is pressed while another item is on its way is not meant for the one still in sight.
  if (!mine.value || opening.value !== null) return;
  choice.value = next;
  armed.value = false;
  decisionTrouble.value = null;
}

export function chooseRank(rank: number): void {
  const candidate = item.value?.candidates.find((each) => each.rank === rank);
  if (candidate) choose({ kind: "CANDIDATE", candidate: candidate.id });
}

export const REASONS: Unlocatable[] = ["INCOMPLETE", "NO_SUCH_PLACE", "SEVERAL_PLACES", "DEMOLISHED", "OTHER"];

/** Where the choice puts the address; null for one that cannot be located. */
export const chosenPoint = computed<[number, number] | null>(() => {
  const wanted = choice.value;
  if (wanted?.kind === "POINT") return [wanted.lon, wanted.lat];
  if (wanted?.kind !== "CANDIDATE") return null;
  const found = item.value?.candidates.find((each) => each.id === wanted.candidate);
  return found && found.lon !== null && found.lat !== null ? [found.lon, found.lat] : null;
});

let previewAsked: AbortController | null = null;
let soon: ReturnType<typeof setTimeout>;

watch([choice, scope, item], () => {
  previewAsked?.abort();
  clearTimeout(soon);
  preview.value = null;
  previewTrouble.value = null;
  previewing.value = false;
  const [found, wanted] = [item.value, choice.value];
  if (!found || !wanted) return;
  previewing.value = true;
  // A pin that is being dragged asks once it rests.
  soon = setTimeout(() => void askForPreview(found, wanted), 120);
});

async function askForPreview(found: ReviewItem, wanted: Choice): Promise<void> {
  const now = (previewAsked = new AbortController());
  try {
    const told = await askPreview(found.id, bodyOf(wanted, scope.value, true), now.signal);
    if (previewAsked === now) preview.value = told;
  } catch (error) {
    if (previewAsked === now && !now.signal.aborted) previewTrouble.value = troubleOf(error);
  } finally {
    if (previewAsked === now) previewing.value = false;
  }
}

export const outside = computed(() => preview.value?.warnings.includes("OUTSIDE_CITY") === true);

/** Makes the decision in mind, and goes on to the next item. A point outside of the city needs a second word. */
export async function confirm(): Promise<void> {
  const [found, wanted] = [item.value, choice.value];
  if (!found || !wanted || !mine.value || !claim || deciding.value || opening.value !== null || !preview.value) return;
  if (outside.value && !armed.value) {
    armed.value = true;
    return;
  }
  deciding.value = true;
  decisionTrouble.value = null;
  try {
    const told = await sendDecision(found, bodyOf(wanted, scope.value, armed.value), person(unnamed), claim);
    done.value = { id: told.id, addresses: told.addresses, cases: told.cases_located, bundle: found.bundle_no };
    undone.value = null;
    undoTrouble.value = null;
    const at = items.value.findIndex((each) => each.id === found.id);
    show(null);
    await loadQueue();
    const following = items.value[at] ?? items.value[0];
    if (following && following.claimed_by === null) await open(following.id);
    else await openNext();
  } catch (error) {
    decisionTrouble.value = troubleOf(error);
  } finally {
    deciding.value = false;
  }
}

/** Takes the last decision back, and opens its item again. */
export async function undoLast(): Promise<void> {
  const last = done.value;
  if (!last || deciding.value) return;
  deciding.value = true;
  undoTrouble.value = null;
  try {
    const told = await sendUndo(last.id, person(unnamed));
    done.value = null;
    undone.value = { addresses: told.addresses, waiting: told.cases_waiting, allocated: told.allocated.map((each) => each.policy_no) };
    await loadQueue();
    const again = items.value.find((each) => each.bundle_no === last.bundle) ?? items.value[0];
    if (again) await open(again.id);
  } catch (error) {
    undoTrouble.value = troubleOf(error);
  } finally {
    deciding.value = false;
  }
}

/** Takes any decision back; somebody else's needs a reason. Throws `Trouble`. */
export async function takeBack(decision: number, reason: string | null): Promise<void> {
  const told = await sendUndo(decision, person(unnamed), reason);
  if (done.value?.id === decision) done.value = null;
  undone.value = { addresses: told.addresses, waiting: told.cases_waiting, allocated: told.allocated.map((each) => each.policy_no) };
  await loadQueue();
}

/** Whether a decision was made under the name that the page signs with. */
export const isOwn = (by: string) => by === person(unnamed);

async function renewNow(): Promise<void> {
  if (!claim || !mine.value) return;
  try {
    await renewClaim(claim);
  } catch (error) {
    if (troubleOf(error).code === "LOCATION_REVIEW_CLAIM_LOST" && item.value) await open(item.value.id);
  }
}

/** Starts the page: the queue, the item that its address names, renewals. Returns what ends it. */
export function begin(nameless: string): () => void {
  unnamed = nameless;
  const wanted = Number(/^#\/(\d+)$/.exec(location.hash)?.[1]);
  void loadQueue().then(() => (wanted ? open(wanted) : undefined));
  const renewing = setInterval(() => void renewNow(), RENEW_MS);
  const refreshing = setInterval(() => {
    if (!document.hidden && !deciding.value && items.value.length <= 50) void loadQueue();
  }, FRESH_MS);
  const leave = () => {
    if (claim) void releaseClaim(claim, null);
  };
  const back = (event: PageTransitionEvent) => {
    if (event.persisted && item.value) void open(item.value.id);
  };
  addEventListener("pagehide", leave);
  addEventListener("pageshow", back);
  return () => {
    clearInterval(renewing);
    clearInterval(refreshing);
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", back);
  };
}
