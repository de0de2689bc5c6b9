import { $, health, why } from "./page.js";

const { state, agents, answer } = await health();
const count = agents === 1 ? "1 agent is registered" : `${agents} agents are registered`;
const words = {
  on: agents === null ? "On." : `On: ${count}.`,
  off: "Off on this relay.",
  unclear: why(answer),
};
$("agents").textContent = words[state];
