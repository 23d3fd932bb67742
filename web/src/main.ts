import "ol/ol.css";
import "./style/base.css";
import { createApp } from "vue";
import App from "./App.vue";
import ReviewApp from "./review/ReviewApp.vue";
import { followLanguage, words } from "./words/language";

const reviewing = location.pathname.replace(/\/$/, "") === "/review";
followLanguage(() => (reviewing ? words.value.review.title : words.value.purpose));
createApp(reviewing ? ReviewApp : App).mount("#app");
