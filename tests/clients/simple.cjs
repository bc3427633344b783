// Sends an admission for each control id given with simple-hl7, over one connection, and prints MSA-1 and MSA-2.
const hl7 = require('simple-hl7')

const [host, port, ...ids] = process.argv.slice(2)
const client = hl7.Server.createTcpClient({ host, port: Number(port), keepalive: true })
const message = (id) => {
  const now = new Date().toISOString().replace(/[-:T]/g, '').slice(0, 14) + '+0000'
  const admission = new hl7.Message('HIS', 'KUH', 'STORMWATCH', 'KUH', now, '', ['ADT', 'A01'], id, 'P', '2.5')
  admission.addSegment('EVN', 'A01', now)
  admission.addSegment('PID', '1', '', ['W1', '', '', 'KUH', 'MR'], '', ['TEST', 'PATIENT'])
  admission.addSegment('PV1', '1', 'I', ['6E', '03', '1'])
  return admission
}
const send = (id) =>
  new Promise((resolve, reject) => client.send(message(id), (error, answer) => (error ? reject(error) : resolve(answer))))
setTimeout(() => { console.log('no answer within 10 s'); process.exit(1) }, 10_000).unref()
;(async () => {
  for (const id of ids) {
    const msa = (await send(id)).getSegment('MSA')
    console.log(String(msa.getField(1)), String(msa.getField(2)))
  }
  process.exit(0)
})()
