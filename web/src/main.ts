import "ol/ol.css";
import "./style/base.css";
import { createApp } from "vue";
import App from "./App.vue";
import ReviewApp from "./review/ReviewApp.vue";
import StudioApp from "./studio/StudioApp.vue";
import { followLanguage, words } from "./words/language";

const PAGES = {
  "/review": { page: ReviewApp, subject: () => words.value.review.title },
  "/studio": { page: StudioApp, subject: () => words.value.studio.title },
} as const;

const asked = PAGES[location.pathname.replace(/\/$/, "") as keyof typeof PAGES] ?? { page: App, subject: () => words.value.purpose };
followLanguage(asked.subject);
createApp(asked.page).mount("#app");
