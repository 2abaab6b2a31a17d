"""The Celery application: at most once, nothing kept, the least that one hop needs.

Live work is worth nothing a second later; what jobs must not lose stands in their records (jobs/store.py), and their
tasks only say that there is something to do.
"""

import celery


def make_celery(redis_url: str) -> celery.Celery:
    """An application that only accepts JSON, stores no result and never waits for an acknowledgement."""
    app = celery.Celery("thespis", broker=redis_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        # A frame is worth nothing a second later, so a lost one is simply not answered by a worker; the gateway
        # answers it at its deadline. Without emulated acknowledgements a round trip costs a sixth (docs/adr/0002).
        broker_transport_options={"ack_emulation": False, "socket_timeout": 30, "socket_keepalive": True, "app": app},
        broker_transport="runtime.receiving:Transport",
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # No control mailbox: nobody can command a worker through Redis, and there is one key less to poll.
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_log_color=False,
        task_create_missing_queues=True,
        enable_utc=True,
    )
    return app
