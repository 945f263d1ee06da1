/** The start page of a service. What it is made of is loaded once the browser knows what the page may not do. */
import "../strict_page.ts";

void import("./show_start.tsx");
