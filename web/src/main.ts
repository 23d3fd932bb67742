import "ol/ol.css";
import "./style/base.css";
import { createApp } from "vue";
import App from "./App.vue";
import { followLanguage } from "./words/language";

followLanguage();
createApp(App).mount("#app");
