/** The parser of XML. A module of its own, since bundles give packages of CommonJS no names when they are imported on demand. */
export { SaxesParser } from "saxes";
