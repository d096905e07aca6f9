// Tells threadkeep which session pi has, for this process alone: at its start, and whenever the person begins or takes up another one.
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
}
