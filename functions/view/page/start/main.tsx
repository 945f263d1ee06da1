/** The start page of a service: starts jobs, and tells of them. */
import "../strict_page.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { createStart } from "./start.ts";

render(<App start={createStart()} />, document.querySelector("#page")!);
