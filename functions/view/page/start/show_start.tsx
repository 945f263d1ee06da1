/** Shows the start page. */
import { render } from "preact";
import { App } from "./app.tsx";
import { createStart } from "./start.ts";

render(<App start={createStart()} />, document.querySelector("#page")!);
