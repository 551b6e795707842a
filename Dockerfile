# miniter in a container, on SQLite or, with MINITER_DATABASE_URL=mysql://…, on MySQL and MariaDB.
#   docker build --tag miniter .
#   docker run --publish 5000:5000 --volume miniter:/data miniter
# This file is linted (make docker-check), and was never built: where it was written there is no engine for containers.
# It needs BuildKit, which docker has used since version 23.

# The Rust that Cargo.toml asks for; make docker-check compares them.
FROM rust:1.95.0-bookworm AS build
# Without versions: they are those of the Debian that the image is of, with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# What cargo has downloaded and built is kept between builds, beside the image: a change of the code builds our crates
# anew, and nothing that they are built on. The program is copied, since target is not there afterwards.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin miniter --features mysql \
    && cp target/release/miniter /usr/local/bin/miniter

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libmariadb3 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --mode=0700 --owner=10001 --group=10001 /data
COPY --from=build /usr/local/bin/miniter /usr/local/bin/miniter

# The database, and the secret that tokens are signed with. A volume takes its owner from the folder of the image.
VOLUME /data
WORKDIR /data
# By number, so that who runs it can see that it is not root.
USER 10001:10001
ENV MINITER_BIND=0.0.0.0:5000 \
    MINITER_DATABASE_URL=sqlite:/data/miniter.db
EXPOSE 5000
STOPSIGNAL SIGTERM
# In bash, which the image has, as it has no curl. That the process lives: of one that waits for its database a restart
# makes nothing better.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["bash", "-c", "exec 3<>\"/dev/tcp/127.0.0.1/${MINITER_BIND##*:}\" && printf 'GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["miniter"]
CMD ["serve"]
