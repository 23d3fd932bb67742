import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const api = process.env.GUIDAN_API ?? "http://127.0.0.1:8765";

export default defineConfig({
  plugins: [vue()],
  build: { target: "es2022", chunkSizeWarningLimit: 900, assetsInlineLimit: 0 },
  server: { proxy: { "/api": api, "/tiles": api } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
