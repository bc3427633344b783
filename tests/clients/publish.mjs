// Publishes one payload at QoS 1 with mqtt for Node: PORT TOPIC PAYLOAD.
import { connectAsync } from 'mqtt'

const [port, topic, payload] = process.argv.slice(2)
const client = await connectAsync(`mqtt://127.0.0.1:${port}`)
await client.publishAsync(topic, payload, { qos: 1 })
await client.endAsync()
