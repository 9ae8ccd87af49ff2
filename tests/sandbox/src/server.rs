//! From sockets to answers and back: connections, latency, faults, places in flight, the header fields every answer has.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{Response, StatusCode};
use axum::routing::any;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;
use tower_service::Service;

use crate::clock;
use crate::control;
use crate::entra;
use crate::exchange::{Answer, Content, Request};
use crate::faults::{Action, Cut};
use crate::gate::Permit;
use crate::graph::error::GraphError;
use crate::graph::{self, batch, bearer};
use crate::payload::Payload;
use crate::random;
use crate::sandbox::Sandbox;

/// Bytes a request's body may have (Graph takes 4 MB).
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// Bytes a control request's body may have: it may carry a mail.
const LARGEST_CONTROL: usize = 512 * 1024 * 1024;

/// Marks an answer that is not to be sent.
#[derive(Debug, Clone, Copy)]
struct Severed(Cut);

/// Which connection a request came by.
#[derive(Debug, Clone)]
struct Connection {
    number: u64,
    reset: Arc<AtomicBool>,
}

/// Accepts connections for ever, over TLS where there is a certificate.
pub async fn serve(sandbox: Arc<Sandbox>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let router = router(Arc::clone(&sandbox));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            number: sandbox.journal.connection(),
            reset: Arc::default(),
        };
        let socket = Socket {
            stream,
            reset: Arc::clone(&connection.reset),
        };
        let (router, tls, sandbox) = (router.clone(), tls.clone(), Arc::clone(&sandbox));
        tokio::spawn(async move {
            let wait = sandbox.settings().connect_latency_ms;
            if wait > 0 {
                // From the client's first byte on: what it does between connecting and speaking (reading its certificates, say)
                // happens between two journeys over a real network, not during one.
                let _ = socket.stream.readable().await;
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            match tls {
                None => talk(sandbox, router, connection, socket).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(socket).await {
                        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                        sandbox.journal.handshake(resumed);
                        talk(sandbox, router, connection, stream).await;
                    } else {
                        sandbox.journal.failed_handshake();
                    }
                }
            }
        });
    }
}

async fn talk(
    sandbox: Arc<Sandbox>,
    router: Router,
    connection: Connection,
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let served = Arc::new(AtomicU64::new(0));
    let enough = Arc::new(Notify::new());
    let last = Arc::clone(&enough);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        request.extensions_mut().insert(connection.clone());
        let most = sandbox.settings().requests_per_connection;
        if served.fetch_add(1, Ordering::SeqCst) + 1 >= most && most > 0 {
            last.notify_one();
        }
        let reset = Arc::clone(&connection.reset);
        async move {
            let answer: Result<Response<Body>, std::convert::Infallible> = router.call(request).await;
            let Ok(response) = answer;
            match response.extensions().get::<Severed>() {
                Some(Severed(cut)) => {
                    reset.store(*cut == Cut::Reset, Ordering::SeqCst);
                    Err(io::Error::other("the connection was cut on purpose"))
                }
                None => Ok(response),
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut talk = pin!(builder.serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        _ = talk.as_mut() => {}
        () = enough.notified() => {
            // `Connection: close`, or GOAWAY: what has begun is answered.
            talk.as_mut().graceful_shutdown();
            let _ = talk.await;
        }
    }
}

fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/control/{*path}", any(control))
        .route("/control", any(control))
        .route("/control/", any(control))
        .fallback(protocol)
        .with_state(sandbox)
}

async fn read(request: axum::extract::Request, limit: usize) -> Result<Request, StatusCode> {
    let (mut parts, body) = request.into_parts();
    // HTTP/2 says the host in another place.
    if let Some(host) = parts.uri.authority().and_then(|host| host.as_str().parse().ok()) {
        parts.headers.entry("host").or_insert(host);
    }
    let body = axum::body::to_bytes(body, limit)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

async fn control(State(sandbox): State<Arc<Sandbox>>, request: axum::extract::Request) -> Response<Body> {
    let answer = match read(request, LARGEST_CONTROL).await {
        Ok(request) => control::answer(&sandbox, &request),
        Err(status) => Answer::empty(status),
    };
    send(answer, None, None, false)
}

async fn protocol(
    State(sandbox): State<Arc<Sandbox>>,
    Extension(connection): Extension<Connection>,
    request: axum::extract::Request,
) -> Response<Body> {
    let request = match read(request, LARGEST_BODY).await {
        Ok(request) => request,
        Err(status) => return send(Answer::empty(status), None, None, false),
    };
    // A service that has got a request works on it whether or not the client stays to hear the answer.
    let work = tokio::spawn(respond(Arc::clone(&sandbox), connection.number, request));
    work.await
        .unwrap_or_else(|_| send(Answer::empty(StatusCode::INTERNAL_SERVER_ERROR), None, None, false))
}

async fn respond(sandbox: Arc<Sandbox>, connection: u64, request: Request) -> Response<Body> {
    let number = sandbox.journal.asked(&request, connection, sandbox.clock.now());
    let fault = sandbox.faults.strike(&request);
    let mut permit = None;
    let answer = work(&sandbox, &request, fault.as_ref(), &mut permit).await;
    if let Some(cut) = fault.as_ref().and_then(|fault| fault.cut) {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Severed(cut));
        sandbox.journal.answered(number, 0);
        return response;
    }
    let chunked = request.path.starts_with("/graph/") && sandbox.settings().chunked;
    let response = send(answer, fault.as_ref(), permit, chunked);
    sandbox.journal.answered(number, response.status().as_u16());
    response
}

async fn work(
    sandbox: &Arc<Sandbox>,
    request: &Request,
    fault: Option<&Action>,
    permit: &mut Option<Permit>,
) -> Answer {
    // What is carried out for real comes first; its answer is late then, not the work.
    let (early, late) = match fault {
        Some(fault) if fault.execute => (0, fault.delay_ms),
        Some(fault) => (fault.delay_ms, 0),
        None => (0, 0),
    };
    let delay = sandbox.settings().latency_ms + early;
    let graph = request.path.starts_with("/graph/");
    let batch = graph && request.segments().get(2).is_some_and(|segment| segment == "$batch");
    let place = if graph && !batch {
        place(sandbox, request).map(|taken| *permit = taken)
    } else {
        Ok(())
    };
    if delay > 0 && !(batch && fault.is_none()) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if fault.is_some_and(|fault| fault.cut.is_some() && !fault.execute) {
        return Answer::empty(StatusCode::OK);
    }
    let answer = if !graph {
        faulty(fault, sandbox, request, || entra::answer(sandbox, request, fault))
    } else if batch {
        if fault.is_some_and(|fault| fault.answers() && !fault.execute) {
            graph_answer(sandbox, request, fault)
        } else {
            let result = batch::answer(sandbox, request).await;
            let answer = result.unwrap_or_else(|error| refuse(sandbox, request, &error));
            faulty(fault, sandbox, request, || dress(request, answer))
        }
    } else {
        match place {
            Ok(()) => graph_answer(sandbox, request, fault),
            Err(error) => refuse(sandbox, request, &error),
        }
    };
    if late > 0 {
        tokio::time::sleep(Duration::from_millis(late)).await;
    }
    let gzip = request
        .header("accept-encoding")
        .is_some_and(|accepted| accepted.contains("gzip"));
    let answer = if gzip && sandbox.settings().gzip {
        answer.compressed()
    } else {
        answer
    };
    answer.with("date", &clock::http(sandbox.clock.now()))
}

/// Takes a place in flight on the mailbox a request is about; none where it is about none.
pub fn place(sandbox: &Sandbox, request: &Request) -> Result<Option<Permit>, GraphError> {
    let Ok(call) = graph::prepare(sandbox, request) else {
        return Ok(None);
    };
    if call.path.is_empty() {
        return Ok(None);
    }
    let settings = sandbox.settings();
    if let Some(permit) = sandbox
        .gate
        .enter(&call.token.client_id, &call.owner, settings.concurrency)
    {
        Ok(Some(permit))
    } else {
        let mut error = GraphError::new(
            429,
            "ApplicationThrottled",
            "Application is over its MailboxConcurrency limit.",
        );
        if let Some(after) = settings.retry_after {
            error.headers.push(("retry-after", after));
        }
        Err(error)
    }
}

/// A Graph answer with its header fields, faults included; for a request or an item of a batch.
pub fn graph_answer(sandbox: &Sandbox, request: &Request, fault: Option<&Action>) -> Answer {
    faulty(fault, sandbox, request, || {
        match graph::prepare(sandbox, request).and_then(|call| graph::run(&call)) {
            Ok(answer) => dress(request, answer),
            Err(error) => refuse(sandbox, request, &error),
        }
    })
}

/// A refusal of Graph with its header fields.
pub fn refuse(sandbox: &Sandbox, request: &Request, error: &GraphError) -> Answer {
    let id = random::guid();
    let client = request
        .header("client-request-id")
        .map_or_else(|| id.clone(), str::to_owned);
    let answer = error.answer(sandbox.clock.now(), &id, &client).with("request-id", &id);
    dress(request, answer)
}

fn dress(request: &Request, answer: Answer) -> Answer {
    let id = answer
        .headers
        .get("request-id")
        .and_then(|id| id.to_str().ok())
        .map_or_else(random::guid, str::to_owned);
    let client = request
        .header("client-request-id")
        .map_or_else(|| id.clone(), str::to_owned);
    answer
        .with("request-id", &id)
        .with("client-request-id", &client)
        .with("cache-control", "no-cache")
        .with(
            "x-ms-ags-diagnostic",
            r#"{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"SANDBOX0000001"}}"#,
        )
}

/// Runs the real thing where the fault lets it, and puts the fault's answer in its place.
fn faulty(fault: Option<&Action>, sandbox: &Sandbox, request: &Request, real: impl FnOnce() -> Answer) -> Answer {
    let Some(fault) = fault else { return real() };
    let answer = if fault.answers() && !fault.execute {
        None
    } else {
        Some(real())
    };
    let mut answer = match answer {
        Some(answer) if !fault.answers() => answer,
        _ => fault_answer(fault, sandbox, request),
    };
    if let Some(patch) = &fault.patch_json
        && let Some(Value::Object(mut body)) = answer.as_json()
    {
        for name in &patch.remove {
            body.remove(name);
        }
        body.extend(patch.set.clone());
        answer.content = Content::Whole(Value::Object(body).to_string().into());
    }
    for (name, value) in &fault.headers {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let (Ok(name), Ok(value)) = (name.parse::<axum::http::HeaderName>(), text.parse()) {
            answer.headers.insert(name, value);
        }
    }
    answer
}

fn fault_answer(fault: &Action, sandbox: &Sandbox, request: &Request) -> Answer {
    if let Some(error) = &fault.entra {
        return entra::error::EntraError::from(error).answer(sandbox, request);
    }
    if let Some(error) = &fault.graph {
        return refuse(
            sandbox,
            request,
            &GraphError::new(error.status, &error.code, error.message.clone()),
        );
    }
    if let Some(claims) = &fault.claims_challenge {
        return refuse(sandbox, request, &bearer::claims_challenge(claims));
    }
    let status = fault
        .status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = match &fault.body {
        None => Answer::empty(status),
        Some(Value::String(text)) if text.trim_start().starts_with('<') => Answer::html(status, text.clone()),
        Some(Value::String(text)) => Answer::new(status, "application/json; charset=utf-8", text.clone()),
        Some(other) => Answer::json(status, other),
    };
    if fault.stranger {
        return answer;
    }
    dress(request, answer)
}

fn send(answer: Answer, fault: Option<&Action>, permit: Option<Permit>, chunked: bool) -> Response<Body> {
    let payload = Payload::new(
        answer.content,
        fault.and_then(|fault| fault.drip),
        fault.and_then(|fault| fault.truncate_after),
        permit,
    );
    let mut response = Response::new(Body::new(payload.chunked(chunked)));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// A socket that can be told to reset instead of closing in order.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
