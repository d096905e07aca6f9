// Tells threadkeep which session pi has, for this process alone: at its start, and whenever the person begins or takes up another one. And
// that a message was refused.
import { spawn } from "node:child_process"

const tell = (payload) =>
  new Promise((done) => {
    const child = spawn(process.env.THREADKEEP_PROGRAM, ["signal"], { stdio: ["pipe", "ignore", "ignore"] })
    child.on("error", done)
    child.on("exit", done)
    child.stdin.on("error", done)
    child.stdin.end(JSON.stringify(payload))
  })

export default function (pi) {
  pi.on("session_start", async ({ reason }, ctx) => {
    await tell({ event: "session", session: ctx.sessionManager.getSessionId(), reason })
  })
  // Without a key it refuses a message, begins no turn and reports nothing.
  pi.on("input", async (_event, ctx) => {
    const usable = await ctx.modelRegistry.getAvailable()
    if (usable.length === 0) await tell({ event: "failed", text: "no API key for any model; /login logs in" })
  })
}
