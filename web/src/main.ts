// The start of the page.

import { mount } from "svelte";
import App from "./App.svelte";
import "../../studio/src/app.css";

mount(App, { target: document.getElementById("app")! });
