//! The import: what the core asks on the way is answered by the host's PHP code.

use std::path::PathBuf;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::ce;

use crate::base::failure::Result;
use crate::graph::value::Message;
use crate::php::engine::{Asker, Reply};
use crate::php::operation::{Operation, account_name, permitted};
use crate::php::register::{Function, function};
use crate::php::values::{count, import_report, import_result, incoming_message, message, own_class, timestamp};
use crate::php::zend::{self, Arguments, Ended, Outcome, Raised};
use crate::service::import::{
    self, BodyForm, Disposition, Handled, ImportHost, ImportOptions, ImportReport, ImportResult, IncomingMessage,
};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![function!(
        "import_messages(string $account, callable $handler, ?string $directory = null, ?callable $accept = null, \
            ?int $limit = null, bool $require_attachments = true, ?string $body = null, ?int $max_bytes = null, \
            int $max_failures = 5, ?callable $progress = null): ImportReport",
        import_messages
    )]
}

/// What the core asks.
enum Question {
    Accept(Box<Message>),
    Handle(Box<IncomingMessage>),
    Progress(u64, u64, Box<ImportResult>),
}

/// What PHP code answers.
enum Answer {
    /// None ends the run.
    Accept(Option<Disposition>),
    Handle(Handled),
    /// False ends the run.
    Progress(bool),
}

/// The host as the core sees it: each question crosses to PHP's thread and back. Without PHP's thread the run ends.
struct Host<'a> {
    asker: &'a Asker<Question, Answer, Result<ImportReport>>,
    accepts: bool,
    tells: bool,
}

impl ImportHost for Host<'_> {
    fn accept(&mut self, message: &Message) -> Option<Disposition> {
        if !self.accepts {
            return Some(Disposition::Import);
        }
        match self.asker.ask(Question::Accept(Box::new(message.clone()))) {
            Some(Answer::Accept(disposition)) => disposition,
            _ => None,
        }
    }

    fn handle(&mut self, mail: &IncomingMessage) -> Handled {
        match self.asker.ask(Question::Handle(Box::new(mail.clone()))) {
            Some(Answer::Handle(handled)) => handled,
            _ => Handled::Stop,
        }
    }

    fn progress(&mut self, done: u64, known: u64, result: &ImportResult) -> bool {
        !self.tells
            || matches!(
                self.asker
                    .ask(Question::Progress(done, known, Box::new(result.clone()))),
                Some(Answer::Progress(true))
            )
    }
}

/// The host's PHP code.
struct Callbacks<'a> {
    arguments: &'a Arguments<'a>,
    handler: &'a Zval,
    accept: Option<&'a Zval>,
    progress: Option<&'a Zval>,
}

fn import_messages(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let callbacks = Callbacks {
        arguments,
        handler: arguments.callable(1)?,
        accept: arguments.optional_callable(3)?,
        progress: arguments.optional_callable(9)?,
    };
    let operation = Operation::begin()?;
    let options = options(arguments)?;
    let (accepts, tells) = (callbacks.accept.is_some(), callbacks.progress.is_some());
    let report = operation.run_asking(
        Some(arguments),
        move |context, asker| {
            let mut host = Host { asker, accepts, tells };
            import::import_messages(context, &name, &options, &mut host)
        },
        |question| callbacks.answer(&question),
    )?;
    import_report(&report)
}

fn options(arguments: &Arguments) -> Outcome<ImportOptions> {
    let number = |index, least| -> Outcome<Option<u64>> {
        Ok(arguments
            .optional_int_from(index, least)?
            .and_then(|number| u64::try_from(number).ok()))
    };
    let directory: Option<PathBuf> = match arguments.optional_name(2)? {
        Some(path) => Some(permitted(path)?),
        None => None,
    };
    let body = match arguments.optional_text(6)? {
        None => None,
        Some("text") => Some(BodyForm::Text),
        Some("html") => Some(BodyForm::Html),
        Some(_) => return Err(arguments.value_error(6, "must be either \"text\", \"html\" or null")),
    };
    Ok(ImportOptions {
        directory,
        limit: number(4, 0)?,
        require_attachments: arguments.bool(5)?,
        body,
        max_bytes: number(7, 1)?,
        max_failures: u32::try_from(arguments.int_from(8, 1)?).unwrap_or(u32::MAX),
    })
}

impl Callbacks<'_> {
    fn answer(&self, question: &Question) -> Reply<Answer> {
        match question {
            Question::Accept(message) => match self.accept(message) {
                Ok(disposition) => Reply::Go(Answer::Accept(Some(disposition))),
                Err(reason) => match wants_to_stop(reason) {
                    Ok(()) => Reply::Go(Answer::Accept(None)),
                    Err(reason) => Reply::Last(Answer::Accept(None), reason),
                },
            },
            Question::Handle(mail) => match self.handle(mail) {
                Ok(handled) => Reply::Go(Answer::Handle(handled)),
                Err(reason) => Reply::Last(Answer::Handle(Handled::Stop), reason),
            },
            Question::Progress(done, known, result) => match self.tell(*done, *known, result) {
                Ok(()) => Reply::Go(Answer::Progress(true)),
                Err(reason) => match wants_to_stop(reason) {
                    Ok(()) => Reply::Go(Answer::Progress(false)),
                    Err(reason) => Reply::Last(Answer::Progress(false), reason),
                },
            },
        }
    }

    fn accept(&self, mail: &Message) -> Outcome<Disposition> {
        let Some(accept) = self.accept else {
            return Ok(Disposition::Import);
        };
        let decided = zend::call(accept, vec![message(mail)?]).value_beside_helper()?;
        if let Some(flag) = decided.bool() {
            return Ok(if flag { Disposition::Import } else { Disposition::Leave });
        }
        let class = own_class("Disposition")?;
        let case = decided.object().filter(|object| object.instance_of(class));
        let name = case.and_then(|case| zend::property(class, case, "name").string());
        match name.as_deref() {
            Some("Import") => Ok(Disposition::Import),
            Some("Leave") => Ok(Disposition::Leave),
            Some("Processed") => Ok(Disposition::Processed),
            Some("Error") => Ok(Disposition::Error),
            _ => {
                let given = zend::type_name(&decided);
                let reason = format!("must return bool or Squeeze\\Graph\\Disposition, {given} returned");
                Err(self.arguments.type_error(3, &reason))
            }
        }
    }

    fn handle(&self, mail: &IncomingMessage) -> Outcome<Handled> {
        let returned = zend::call(self.handler, vec![incoming_message(mail)?]);
        if returned.forked {
            // The parent still waits for its own answer; this child has nothing to import with.
            return Err(match returned.ended {
                Ended::Value(_) => zend::forked_away(),
                Ended::Exception | Ended::Exit => Raised::Pending,
                Ended::Bailout => Raised::Bailout,
            });
        }
        match returned.ended {
            Ended::Value(_) => Ok(Handled::Imported),
            Ended::Exit => Err(Raised::Pending),
            Ended::Bailout => Err(Raised::Bailout),
            Ended::Exception => match zend::take_exception() {
                Some(exception) => judged(zend::object_value(exception)),
                None => Err(Raised::Pending),
            },
        }
    }

    fn tell(&self, done: u64, known: u64, result: &ImportResult) -> Outcome<()> {
        let Some(progress) = self.progress else { return Ok(()) };
        let arguments = vec![
            count(done).into_zval(false)?,
            count(known).into_zval(false)?,
            import_result(result)?,
        ];
        zend::call(progress, arguments).value_beside_helper().map(drop)
    }
}

/// Whether a callback beside the handler ended with `StopImport`, which ends a run politely wherever it is thrown; else the reason goes
/// on as it came.
fn wants_to_stop(reason: Raised) -> Outcome<()> {
    if !matches!(reason, Raised::Pending) {
        return Err(reason);
    }
    let Some(exception) = zend::take_exception() else {
        return Err(reason);
    };
    if exception.instance_of(own_class("StopImport")?) {
        return Ok(());
    }
    Err(Raised::Thrown(zend::object_value(exception)))
}

/// What an exception of the handler means for the mail and for the run.
fn judged(thrown: Zval) -> Outcome<Handled> {
    let Some(exception) = thrown.object() else {
        return Err(Raised::Pending);
    };
    let reason = || {
        zend::property(ce::exception(), exception, "message")
            .zend_str()
            .map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned())
            .unwrap_or_default()
    };
    let is = |name| own_class(name).map(|class| exception.instance_of(class));
    if is("RejectMessage")? {
        return Ok(Handled::Rejected(reason()));
    }
    if is("LeaveInInbox")? {
        let not_before = zend::property(own_class("LeaveInInbox")?, exception, "notBefore");
        let not_before = not_before.object().map(timestamp).transpose()?;
        return Ok(Handled::Left {
            reason: reason(),
            not_before,
        });
    }
    if is("StopImport")? {
        return Ok(Handled::Stop);
    }
    if exception.instance_of(ce::exception()) {
        return Ok(Handled::Failed(format!("{}: {}", class_of(exception), reason())));
    }
    // An \Error is a bug of the host: it goes on as it came.
    Err(Raised::Thrown(thrown))
}

/// The class's name as PHP's own messages show it: what follows the NUL in an anonymous one's is a path of this machine.
fn class_of(object: &ZendObject) -> String {
    let name = object.get_class_name().unwrap_or_default();
    name.split('\0').next().unwrap_or_default().to_owned()
}
