import { computed, readonly, ref, watchEffect } from "vue";
import { en } from "./en";
import { zh, type Messages } from "./zh";

export type Language = "zh" | "en";

const KEY = "guidan.language";

function remembered(): Language {
  try {
    return localStorage.getItem(KEY) === "en" ? "en" : "zh";
  } catch {
    return "zh";
  }
}

const current = ref<Language>(remembered());

export const language = readonly(current);

/** The sentences in the present language. */
export const words = computed<Messages>(() => (current.value === "zh" ? zh : en));

export function switchLanguage(): void {
  current.value = current.value === "zh" ? "en" : "zh";
  try {
    localStorage.setItem(KEY, current.value);
  } catch {
    // A browser without storage starts in Chinese each time.
  }
}

/** Keeps the document's language and title in step. `subject`: what the page is for, in the present language. */
export function followLanguage(subject: () => string): void {
  watchEffect(() => {
    document.documentElement.lang = current.value === "zh" ? "zh-CN" : "en";
    document.title = `${words.value.name} · ${subject()}`;
  });
}
