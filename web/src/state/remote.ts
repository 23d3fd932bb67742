import { onScopeDispose, shallowRef, watch, type Ref } from "vue";
import { Trouble } from "../api/client";

export interface Remote<T> {
  value: Ref<T | null>;
  trouble: Ref<Trouble | null>;
  loading: Ref<boolean>;
  retry: () => void;
}

/** What `load` answers for the present key, asked anew whenever the key changes; a late answer to an old key is dropped. */
export function useRemote<K, T>(key: () => K | null, load: (key: K, signal: AbortSignal) => Promise<T>): Remote<T> {
  const value = shallowRef<T | null>(null);
  const trouble = shallowRef<Trouble | null>(null);
  const loading = shallowRef(false);
  let asked: AbortController | null = null;

  async function ask(wanted: K | null): Promise<void> {
    asked?.abort();
    trouble.value = null;
    if (wanted === null) {
      value.value = null;
      loading.value = false;
      return;
    }
    const mine = (asked = new AbortController());
    loading.value = true;
    try {
      const answer = await load(wanted, mine.signal);
      if (asked === mine) value.value = answer;
    } catch (error) {
      if (asked !== mine) return;
      value.value = null;
      trouble.value = error instanceof Trouble ? error : new Trouble("UNEXPECTED", "", "", 0);
    } finally {
      if (asked === mine) loading.value = false;
    }
  }

  watch(
    key,
    (wanted, before) => {
      if (JSON.stringify(wanted) === JSON.stringify(before)) return;
      value.value = null;
      void ask(wanted);
    },
    { immediate: true },
  );
  onScopeDispose(() => asked?.abort());
  return { value, trouble, loading, retry: () => void ask(key()) };
}
