// npm onvif as whoever looks for cameras on one interface: it prints the addresses that
// answer within two seconds, as JSON.
import onvif from "onvif";

onvif.Discovery.on("error", () => {}); // what others on the interface say is not judged
onvif.Discovery.probe({ device: process.argv[2], timeout: 2000, resolve: false }, (_, list) => {
  const addresses = list.map((answer) => answer.probeMatches.probeMatch.XAddrs);
  process.stdout.write(JSON.stringify(addresses));
});
