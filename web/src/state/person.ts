import { ref, watch } from "vue";

/** The name that a person signs with: typed once, kept by the browser, on every page of the studio and of location review. */

const KEY = "guidan.reviewer";

function recalled(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export const person = ref(recalled());

watch(person, (name) => {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Without storage it lasts as long as the page.
  }
});
