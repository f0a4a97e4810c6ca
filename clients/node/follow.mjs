#!/usr/bin/env node
// Follows a department's stream over ZeroMQ; needs the npm packages zeromq (with CURVE) and @msgpack/msgpack.
//
//   npm install && node follow.mjs ENDPOINTS SERVER_KEY_FILE KEY_FILE UNIT FOLDER [group=NAME] [filter=FILTER] [from=SEQ]
//
// The work here is a JSON line in FOLDER/events; FOLDER/cursor says how far it is done. Copy it and put your own work in `doWork`.
// `from` counts where there is no cursor yet: 0 is what comes from now on. In a group the server keeps the cursor, and what another
// member did not finish comes here. The protocol is proto/PROTOCOL.md.
import fs from 'node:fs'
import path from 'node:path'
import { decode, encode } from '@msgpack/msgpack'
import { Dealer } from 'zeromq'

const CREDIT = 1000 // events under way at most
const SILENCE_MS = 3000 // a head comes each second
const ALIVE_MS = 1000 // a credit that grants nothing says that we live
const AGAIN_MS = 1000 // nobody has the stream now: asked again
const TURN_MS = 200
const GOODBYE_MS = 200
const DONE_MAX = 20000 // ids that are remembered: what died between work and cursor comes again

function readKeys(file) {
  const lines = fs.readFileSync(file, 'ascii').split('\n').map((line) => line.trim().split(/\s+/))
  return Object.fromEntries(lines.filter((words) => words.length === 2))
}

// A seq stays below 2^53 for longer than a city lasts, and so does a case's number.
const unpack = (bytes) => decode(bytes)

class Work {
  constructor(folder, grouped) {
    this.grouped = grouped
    fs.mkdirSync(folder, { recursive: true })
    this.cursorFile = path.join(folder, 'cursor')
    this.done = new Set() // ids, the oldest first
    this.last = null
    const file = path.join(folder, 'events')
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
    const whole = text.slice(0, text.lastIndexOf('\n') + 1) // a line that an earlier life left half is taken away
    for (const line of whole.split('\n')) if (line) this.remember(JSON.parse(line).id)
    this.file = fs.openSync(file, 'a')
    fs.ftruncateSync(this.file, Buffer.byteLength(whole))
    this.lines = []
  }

  remember(id) {
    this.done.add(id)
    if (this.done.size > DONE_MAX) this.done.delete(this.done.values().next().value)
  }

  start(from) {
    if (!this.grouped && fs.existsSync(this.cursorFile)) return Number(fs.readFileSync(this.cursorFile, 'ascii')) + 1
    return Number(from ?? 1)
  }

  doWork(seq, event) {
    if (this.done.has(event.id)) return
    this.lines.push(JSON.stringify({ seq, ...event }) + '\n')
    this.remember(event.id)
  }

  // First the work, then the cursor, then the acknowledgement: whatever dies in between, nothing is lost.
  async store(follower) {
    if (this.last === null) return
    fs.writeSync(this.file, this.lines.join(''))
    fs.fsyncSync(this.file)
    this.lines = []
    if (!this.grouped) {
      const temporary = fs.openSync(`${this.cursorFile}.new`, 'w')
      fs.writeSync(temporary, `${this.last}\n`)
      fs.fsyncSync(temporary)
      fs.closeSync(temporary)
      fs.renameSync(`${this.cursorFile}.new`, this.cursorFile)
    }
    const last = this.last
    this.last = null
    await follower.finished(last)
  }
}

class Refused extends Error {}

class Follower {
  constructor(options, work) {
    Object.assign(this, options) // endpoints, serverKey, keys, stream, from, group, filter
    this.work = work
    this.cursor = null // last seq that was given out; a group has none
    this.underWay = [] // seqs given out and not done, in their order
    this.done = this.applied = this.turn = 0
  }

  async say(name, fields) {
    try {
      await this.socket.send(encode({ t: name, ...fields }, { ignoreUndefined: true }))
    } catch {
      // not connected: said again with the next connection
    }
  }

  async connect(endpoint, serverKey = this.serverKey) {
    this.socket?.close()
    this.socket = new Dealer({
      linger: 0, sendTimeout: 0, receiveTimeout: TURN_MS, receiveHighWaterMark: 2 * CREDIT,
      curveServerKey: serverKey, curvePublicKey: this.keys.public, curveSecretKey: this.keys.secret,
    })
    this.socket.connect(endpoint)
    this.heardAt = this.toldAt = Date.now()
    this.againAt = null
    if (this.group) { // what was under way is dealt anew
      this.underWay = []
      this.applied = 0
    }
    await this.say('hello', { service: 'department', protocol: 1 })
    await this.follow()
  }

  async connectNext() {
    this.turn = (this.turn + 1) % this.endpoints.length
    await this.connect(this.endpoints[this.turn])
  }

  async follow() {
    const from = this.group || this.cursor === null ? this.from : this.cursor + 1
    const { stream, group, filter } = this
    this.done = 0
    await this.say('follow', { stream, from, credit: CREDIT - this.underWay.length, group, filter })
  }

  async credit() {
    const more = this.done
    this.done = 0
    this.toldAt = Date.now()
    await this.say('credit', { stream: this.stream, applied: this.applied, more })
  }

  // Everything up to this event, in the order in which it was given out, is done and stored.
  async finished(seq) {
    const count = this.group ? this.underWay.indexOf(seq) + 1 : this.underWay.filter((given) => given <= seq).length
    if (count > 0) this.applied = this.underWay[count - 1]
    this.underWay.splice(0, count)
    this.done += count
    if (this.done > 0) await this.credit()
  }

  async entries(message, frame) {
    let seq = message.first - 1
    for (const event of unpack(frame)) {
      seq += 1
      if (!this.group) {
        if (this.cursor !== null && seq <= this.cursor) {
          this.done += 1
          continue
        }
        if (this.cursor !== null && seq > this.cursor + 1) return this.connectNext() // a frame was lost
        this.cursor = seq
      }
      this.underWay.push(seq)
      this.work.doWork(seq, event)
      this.work.last = seq
    }
    if (this.underWay.length >= CREDIT / 2) await this.work.store(this)
  }

  async hear(message, frames) {
    switch (message.t) {
      case 'entries':
        return this.entries(message, frames[0])
      case 'skip':
        if (!this.group && message.seq > (this.cursor ?? 0)) this.cursor = this.work.last = message.seq
        return
      case 'moved':
        console.error('moved to', message.endpoint ?? 'nobody yet')
        if (message.endpoint) return this.connect(message.endpoint, message.curve_key ?? this.serverKey)
        this.againAt = Date.now() + AGAIN_MS
        return
      case 'truncated': // your decision: here what is gone is passed over, and said aloud
        if (message.void_from) console.error('the city was restored: what we have from', message.void_from, 'on is void')
        else console.error('entries before', message.first, 'are gone')
        this.cursor = message.first - 1
        this.from = message.first
        return this.follow()
      case 'refused':
        // The server does not know us (any more): it was restarted, or we were too slow for a group.
        if (message.field === 'hello' || message.field === 'silence') return this.connectNext()
        throw new Refused(`${message.field ?? ''}: ${message.reason}`)
    }
  }

  async timers() {
    const now = Date.now()
    if (now - this.heardAt > SILENCE_MS) {
      console.error('no answer; the next endpoint is asked')
      await this.connectNext()
    } else if (this.againAt !== null && now > this.againAt) {
      this.againAt = null
      await this.follow()
    } else if (now - this.toldAt > ALIVE_MS) {
      await this.credit()
    }
  }

  // The frames that come within TURN_MS; null: none.
  async receive() {
    try {
      return await this.socket.receive()
    } catch (error) {
      if (error.code === 'EAGAIN') return null
      throw error
    }
  }

  async run(isEnded) {
    await this.connect(this.endpoints[0])
    while (!isEnded()) {
      const frames = await this.receive()
      if (frames === null) {
        await this.timers()
        continue
      }
      this.heardAt = Date.now()
      const message = unpack(frames[0])
      if ((message.stream ?? this.stream) === this.stream) await this.hear(message, frames.slice(1))
      if (!this.socket.readable || this.underWay.length > 0) await this.work.store(this)
    }
    await this.close()
  }

  async close() {
    await this.work.store(this)
    await this.credit()
    await this.say('unfollow', { stream: this.stream })
    this.socket.linger = GOODBYE_MS
    this.socket.close()
  }
}

const [endpoints, serverFile, keyFile, stream, folder, ...words] = process.argv.slice(2)
if (folder === undefined) {
  console.error('follow.mjs ENDPOINTS SERVER_KEY_FILE KEY_FILE UNIT FOLDER [group=NAME] [filter=FILTER] [from=SEQ]')
  process.exit(2)
}
const { group, filter, from } = Object.fromEntries(words.map((word) => [word.split('=', 1)[0], word.slice(word.indexOf('=') + 1)]))
const work = new Work(folder, group !== undefined)
let ended = false
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { ended = true })
const options = { endpoints: endpoints.split(','), serverKey: readKeys(serverFile).public, keys: readKeys(keyFile),
  stream, group, filter, from: work.start(from) }
try {
  await new Follower(options, work).run(() => ended)
} catch (error) {
  console.error(error instanceof Refused ? `refused: ${error.message}` : error)
  process.exitCode = 1
}
