/**
 * The Grafana dashboard as code. `deno run -A infra/telemetry/dashboard.ts` writes dashboard.json, which Grafana imports or is
 * provisioned with.
 */
import { ROWS } from "./panels.ts";

const FILE = new URL("dashboard.json", import.meta.url);

/** Grafana's grid is 24 wide. */
const [PANEL_WIDTH, PANEL_HEIGHT, GRID_WIDTH] = [6, 8, 24];

export function dashboardText(): string {
  let [y, id] = [0, 0];
  const panels: unknown[] = [];
  for (const { title, panels: inRow } of ROWS) {
    panels.push({
      id: ++id,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: GRID_WIDTH, h: 1 },
    });
    inRow.forEach(({ title, description, unit, queries }, i) => {
      const gridPos = { x: i * PANEL_WIDTH, y, w: PANEL_WIDTH, h: PANEL_HEIGHT };
      const targets = Object.entries(queries).map(([legendFormat, expr], at) => ({
        refId: String.fromCharCode("A".charCodeAt(0) + at),
        expr,
        legendFormat,
      }));
      const fieldConfig = { defaults: { unit, min: 0 }, overrides: [] };
      panels.push({ id: ++id, type: "timeseries", title, description, gridPos, datasource, fieldConfig, targets });
    });
    y += PANEL_HEIGHT;
  }
  const dashboard = {
    uid: "clearstack",
    title: "Clearstack",
    tags: ["clearstack"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" }] },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const datasource = { type: "prometheus", uid: "${datasource}" };

if (import.meta.main) await Deno.writeTextFile(FILE, dashboardText());
