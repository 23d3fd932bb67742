import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { Trouble } from "../api/client";

interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Pages<T> {
  items: Ref<T[]>;
  trouble: Ref<Trouble | null>;
  loading: Ref<boolean>;
  hasMore: Ref<boolean>;
  more: () => void;
}

/** A list that is had page by page: the first at once and anew whenever the key changes, the next ones on request. */
export function usePages<K, T>(
  key: () => K,
  load: (key: K, cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const items = shallowRef<T[]>([]);
  const next = ref<string | null>(null);
  const trouble = shallowRef<Trouble | null>(null);
  const loading = ref(false);
  let asked: AbortController | null = null;

  async function ask(cursor: string | null): Promise<void> {
    asked?.abort();
    const mine = (asked = new AbortController());
    loading.value = true;
    trouble.value = null;
    try {
      const page = await load(key(), cursor, mine.signal);
      if (asked !== mine) return;
      items.value = cursor === null ? page.items : [...items.value, ...page.items];
      next.value = page.next;
    } catch (error) {
      if (asked !== mine) return;
      trouble.value = error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0);
    } finally {
      if (asked === mine) loading.value = false;
    }
  }

  watch(
    () => JSON.stringify(key()),
    () => void ask(null),
    { immediate: true },
  );
  onScopeDispose(() => asked?.abort());
  return { items, trouble, loading, hasMore: computed(() => next.value !== null), more: () => void ask(next.value) };
}
