// Sends the HL7 text of standard input with node-hl7-client and prints MSA-1 and MSA-2 of the answer.
import { readFileSync } from 'node:fs'
import { Client, Message } from 'node-hl7-client'

const [host, port] = process.argv.slice(2)
const text = readFileSync(0, 'utf8').replace(/\r$/, '')
const client = new Client({ host })
const outbound = client.createConnection({ port: Number(port) }, (answer) => {
  const message = answer.getMessage()
  console.log(message.get('MSA.1').toString(), message.get('MSA.2').toString())
  outbound.close().finally(() => process.exit(0))
})
setTimeout(() => { console.log('no answer within 10 s'); process.exit(1) }, 10_000).unref()
await outbound.sendMessage(new Message({ text }))
