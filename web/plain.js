// A page without a script of its own: the header is all it needs.
import { start } from "./ui.js";

start();
