# One image with the daemon and the command line, on Debian 12. Build and run:
#
#   docker build -t tastevin .
#   docker run --rm -p 127.0.0.1:8080:8080 -v tastevin:/data -v "$PWD/KEY:/run/secrets/admin_key:ro" \
#     -e TASTEVIN_ADMIN_KEY_FILE=/run/secrets/admin_key tastevin
#
# Debian's release is what is pinned: its packages get security fixes and no new versions. For a
# build that repeats to the byte, pin the base: --build-arg DEBIAN=debian@sha256:...
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      gcc libc6-dev meson ninja-build pkg-config python3 \
      libcairo2-dev libjansson-dev libmicrohttpd-dev libsodium-dev libsqlite3-dev libyaml-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The project's own release build, with Debian's hardening: position independent, relocations
# read-only, stack guards, checked string functions.
RUN meson setup /build --prefix=/usr -Dtests=false -Dbuildtype=release -Db_pie=true \
      -Dc_args='-fstack-protector-strong -D_FORTIFY_SOURCE=2' \
      -Dc_link_args='-Wl,-z,relro,-z,now' \
 && ninja -C /build \
 && DESTDIR=/installed meson install -C /build --no-rebuild --strip

FROM ${DEBIAN}
LABEL org.opencontainers.image.title="Tastevin" \
      org.opencontainers.image.description="A recommendation server in one daemon" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      libcairo2 libjansson4 libmicrohttpd12 libsodium23 libsqlite3-0 libyaml-0-2 zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt \
 && groupadd --gid 10001 tastevin \
 && useradd --uid 10001 --gid tastevin --no-log-init --no-create-home --home-dir /data \
      --shell /usr/sbin/nologin tastevin \
 && install -d -m 0750 -o tastevin -g tastevin /data /data/tensorboard
COPY --from=build /installed/usr /usr
COPY LICENSE /usr/share/doc/tastevin/copyright
# All addresses of the container, so the daemon wants a key; what reaches it is what is published.
# TMPDIR: the root file system may be read-only, and a backup through a pipe needs room for a copy.
ENV TASTEVIN_DATA=/data \
    TASTEVIN_SERVER_ADDRESS=0.0.0.0 \
    TMPDIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["tastevin", "health"]
ENTRYPOINT ["tastevin"]
CMD ["serve"]
