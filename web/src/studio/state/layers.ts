import { reactive, ref } from "vue";
import type { LayerSwitch } from "../map/studioChart";

/** What the map shows. */
export const layers = reactive<Record<LayerSwitch, boolean>>({ names: true, communities: true, orphans: false, customers: false, others: true, defects: true, people: true });
export const layersOpen = ref(false);
