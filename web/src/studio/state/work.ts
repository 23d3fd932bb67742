import { computed, ref, shallowRef } from "vue";
import { Trouble } from "../../api/client";
import { person } from "../../state/person";

/** What goes on at the moment: whether the service is being asked to change something, what went wrong, what was done. */

export const working = ref(0);
export const busy = computed(() => working.value > 0);
export const trouble = shallowRef<Trouble | null>(null);
export const said = ref<{ text: string; undo: boolean } | null>(null);

export const troubleOf = (error: unknown) => (error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0));

/** Without a name nothing is signed. */
export const signed = computed(() => person.value.trim() !== "");
/** Raised when something was asked that needs a name: the field draws attention to itself. */
export const nameWanted = ref(0);

/** The name to sign with; null, with the field pointed at, where there is none. */
export function signature(): string | null {
  const name = person.value.trim();
  if (name) return name;
  nameWanted.value++;
  return null;
}

let fading: ReturnType<typeof setTimeout>;

export function say(text: string, undo = false): void {
  said.value = { text, undo };
  clearTimeout(fading);
  fading = setTimeout(() => (said.value = null), 6000);
}

// Changes go to the service one after the other: each builds on the version that the one before left.
let line: Promise<unknown> = Promise.resolve();

/** Does a piece of work after those before it; what goes wrong is kept in `trouble`, and the answer is null. */
export function inOrder<T>(work: () => Promise<T>): Promise<T | null> {
  working.value++;
  const done = line.then(async () => {
    try {
      trouble.value = null;
      return await work();
    } catch (error) {
      trouble.value = troubleOf(error);
      return null;
    } finally {
      working.value--;
    }
  });
  line = done;
  return done;
}
