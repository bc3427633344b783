"""Publishes one payload at QoS 1 with paho-mqtt, over MQTT 5: PORT TOPIC PAYLOAD."""
import sys

import paho.mqtt.client as mqtt

port, topic, payload = sys.argv[1:]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
client.connect("127.0.0.1", int(port))
client.loop_start()
client.publish(topic, payload, qos=1).wait_for_publish(10)
client.disconnect()
client.loop_stop()
