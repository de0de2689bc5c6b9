import { $, health } from "./page.js";

const { on, agents, answered } = await health();
const count = agents === 1 ? "1 agent is registered" : `${agents} agents are registered`;
const state = on ? (agents === null ? "On." : `On: ${count}.`) : "Off on this relay.";
$("agents").textContent = answered ? state : "The relay does not answer just now.";
