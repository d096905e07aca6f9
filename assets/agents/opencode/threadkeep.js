// Tells threadkeep what opencode does, for this process alone: each event becomes one call of `threadkeep signal`, in order.
// Child sessions (subagents) are left out: they are work within a turn. An idle after an error or an abort is not a success.
import { spawn } from "node:child_process"

const call = (payload) =>
  new Promise((done) => {
    const child = spawn(process.env.THREADKEEP_PROGRAM, ["signal"], { stdio: ["pipe", "ignore", "ignore"] })
    child.on("error", done)
    child.on("exit", done)
    child.stdin.on("error", done)
    child.stdin.end(JSON.stringify(payload))
  })

export const Threadkeep = async () => {
  let queue = Promise.resolve()
  const tell = (payload) => (queue = queue.then(() => call(payload)))
  const children = new Set()
  let working = false
  let ended = true
  let last = {}
  // How the newest message of the model ended: an abort, or a stop while it waits for another try, leaves no `finish`.
  let finish
  let title
  const answers = new Set()

  const start = (id, doing) => {
    if (!working || doing) tell({ event: "working", session: id, doing })
    working = true
    ended = false
  }
  const end = (payload) => {
    if (!ended) tell(payload)
    ended = true
  }

  const on = {
    "session.created": ({ info }) => {
      if (info.parentID) children.add(info.id)
      else tell({ event: "session", session: info.id })
    },
    "session.updated": ({ info }) => {
      if (info.parentID) children.add(info.id)
      else if (info.title !== title) {
        title = info.title
        if (!title.startsWith("New session")) tell({ event: "title", title })
      }
    },
    "session.status": ({ sessionID, status }) => {
      if (status.type === "busy") start(sessionID)
      if (status.type === "retry") start(sessionID, `try ${status.attempt + 1}: ${status.message}`)
    },
    "session.error": ({ sessionID, error }) => {
      const text = [error?.name, error?.data?.message].filter(Boolean).join(": ")
      if (error?.name === "MessageAbortedError") end({ event: "interrupted", session: sessionID })
      else end({ event: "failed", session: sessionID, text })
    },
    "session.idle": ({ sessionID }) => {
      end({ event: finish ? "done" : "interrupted", session: sessionID, ...last })
      working = false
      last = {}
      finish = undefined
      tell({ event: "idle", session: sessionID })
    },
    "permission.asked": (asked) => {
      const what = asked.metadata?.command ?? (asked.patterns ?? []).join(" ")
      tell({ event: "permission", session: asked.sessionID, kind: asked.permission, what })
    },
    "permission.replied": ({ sessionID, reply }) => {
      if (reply === "reject") end({ event: "interrupted", session: sessionID })
      else tell({ event: "working", session: sessionID })
    },
    "question.asked": (asked) => {
      const labels = (question) => (question.options ?? []).map((option) => option.label).join(" · ")
      const one = (question) => [question.question, labels(question) && `(${labels(question)})`].filter(Boolean).join(" ")
      const what = (asked.questions ?? []).map(one).join("\n")
      tell({ event: "question", session: asked.sessionID, what })
    },
    "question.replied": ({ sessionID }) => tell({ event: "working", session: sessionID }),
    "question.rejected": ({ sessionID }) => tell({ event: "working", session: sessionID }),
    "message.updated": ({ info }) => {
      if (info.role !== "assistant") return
      answers.add(info.id)
      finish = info.finish
      if (!info.time?.completed) return
      const { input = 0, output = 0, reasoning = 0, cache = {} } = info.tokens ?? {}
      const read = input + (cache.read ?? 0) + (cache.write ?? 0)
      tell({ event: "usage", message: info.id, model: info.modelID, input: read, output: output + reasoning, cost: info.cost })
    },
    "message.part.updated": ({ part }) => {
      if (part.type === "text" && answers.has(part.messageID)) last = { answer: part.text }
    },
  }

  return {
    event: async ({ event }) => {
      const properties = event.properties ?? {}
      const session = properties.sessionID ?? properties.info?.sessionID ?? properties.part?.sessionID
      if (!children.has(session)) on[event.type]?.(properties)
    },
    "chat.message": async ({ sessionID }, { parts }) => {
      if (children.has(sessionID)) return
      last = {}
      const text = parts.filter((part) => part.type === "text" && !part.synthetic).map((part) => part.text)
      ended = false
      tell({ event: "started", session: sessionID, text: text.join("\n") })
    },
  }
}
