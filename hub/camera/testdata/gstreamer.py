"""Cameras by GStreamer's RTSP server, which shares no code with the hub.

    gstreamer.py PORT TLS-PORT CERTIFICATE KEY HEARD

Each wants the name hub and a password by digest. PORT has all of them, one with a
loudspeaker that writes what it is told to the file HEARD; TLS-PORT has the first
over RTSPS; 0 is any. Once both listen a line says at which.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PASSWORD = "s3cret word"
ROLE = "hub"

PICTURES = "videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=25/1"
X264 = f"{PICTURES} ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=25 option-string=scenecut=0"
TONE = "audiotestsrc is-live=true"

# In the description alone: a payloader that is given avc finds no parameter sets in the stream.
DESCRIBED = f"{X264} ! h264parse ! video/x-h264,stream-format=avc,alignment=au ! rtph264pay config-interval=0"

CAMERAS = {
    "h264": f"{DESCRIBED} name=pay0 pt=96",
    "b-frames-aac": f"{PICTURES} ! x264enc speed-preset=veryfast bframes=2 b-adapt=false key-int-max=25 option-string=scenecut=0:open-gop=0"
    f" ! rtph264pay name=pay0 pt=96 {TONE} ! audio/x-raw,rate=44100 ! voaacenc ! rtpmp4gpay name=pay1 pt=97",
    "h265-opus": f"{PICTURES} ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max=25 option-string=scenecut=0"
    f" ! rtph265pay name=pay0 pt=96 {TONE} ! audioresample ! opusenc ! rtpopuspay name=pay1 pt=97",
    "h265-10-bits-b-frames": "videotestsrc is-live=true ! video/x-raw,format=I420_10LE,width=640,height=360,framerate=25/1"
    " ! x265enc speed-preset=ultrafast key-int-max=25 option-string=scenecut=0:bframes=4:b-adapt=0:open-gop=0 ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "alaw": f"{X264} ! rtph264pay name=pay0 pt=96 config-interval=-1 {TONE} ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8",
    "jpeg": "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=184,framerate=5/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}


def mount(server, path, factory, pictures):
    factory.set_launch(f"( {pictures} )")
    may = GstRtspServer.RTSPPermissions()
    may.add_permission_for_role(ROLE, "media.factory.access", True)
    may.add_permission_for_role(ROLE, "media.factory.construct", True)
    factory.set_permissions(may)
    server.get_mount_points().add_factory("/" + path, factory)


def serve(server, port, certificate=None):
    who = GstRtspServer.RTSPToken()
    who.set_string("media.factory.role", ROLE)
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest("hub", PASSWORD, who)
    if certificate:
        auth.set_tls_certificate(certificate)
    server.set_auth(auth)
    server.set_address("127.0.0.1")
    server.set_service(port)
    if not server.attach(None):
        sys.exit(f"port {port} is in use")
    return server.get_bound_port()


def main(port, tls_port, certificate, key, heard):
    Gst.init(None)
    plain = GstRtspServer.RTSPOnvifServer.new()
    for path, pictures in CAMERAS.items():
        mount(plain, path, GstRtspServer.RTSPMediaFactory.new(), pictures)
    speaker = GstRtspServer.RTSPOnvifMediaFactory.new()
    speaker.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
    speaker.set_backchannel_launch(
        '( capsfilter caps="application/x-rtp,media=audio,payload=0,clock-rate=8000,encoding-name=PCMU"'
        f" name=depay_backchannel ! rtppcmudepay ! filesink buffer-mode=unbuffered async=false sync=false location={heard} )"
    )
    mount(plain, "speaker", speaker, CAMERAS["h264"])
    port = serve(plain, port)
    sealed = GstRtspServer.RTSPServer.new()
    mount(sealed, "h264", GstRtspServer.RTSPMediaFactory.new(), CAMERAS["h264"])
    tls_port = serve(sealed, tls_port, Gio.TlsCertificate.new_from_files(certificate, key))
    print(port, tls_port, flush=True)
    GLib.MainLoop().run()


main(*sys.argv[1:])
